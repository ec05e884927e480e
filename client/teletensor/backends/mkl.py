"""`torch.backends.mkl`: not used; NumPy computes in this process."""

__all__ = ["is_available"]


def is_available() -> bool:
    """False."""
    return False
