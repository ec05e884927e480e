"""Counter-based random numbers, equal on every backend."""
