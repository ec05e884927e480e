"""`torch.backends.cpu`: what the processor of this process can do."""

__all__ = ["get_cpu_capability"]


def get_cpu_capability() -> str:
    """The word DEFAULT: NumPy chooses its instructions by itself, and does not tell."""
    return "DEFAULT"
