"""`torch.version`: what this is, and that there is no CUDA in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["cuda", "debug", "git_version", "hip", "xpu"]

debug = False
cuda = hip = xpu = git_version = None

if TYPE_CHECKING:
    __version__: str


def __getattr__(name: str) -> str:
    """The version, which takes longer to look up than everything else of the package that is not NumPy."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version

    return version("teletensor")
