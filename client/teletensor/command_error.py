"""What a command of the command line raises when it fails."""

from __future__ import annotations


class CommandError(Exception):
    """A command failed; the message is for the user."""
