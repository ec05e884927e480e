"""Wire protocol: generated messages and the module that converts between commands and messages."""
