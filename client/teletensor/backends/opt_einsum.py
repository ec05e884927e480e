"""`torch.backends.opt_einsum`: `einsum` contracts from left to right; the switches may be set, and read back."""

__all__ = ["enabled", "is_available", "strategy"]

enabled = False
strategy = None


def is_available() -> bool:
    """False."""
    return False
