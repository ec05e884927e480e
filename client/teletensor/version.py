"""`torch.version`: what this is, and that there is no CUDA in this process."""

from importlib.metadata import version as _version

__all__ = ["cuda", "debug", "git_version", "hip", "xpu"]

__version__ = _version("teletensor")
debug = False
cuda = hip = xpu = git_version = None
