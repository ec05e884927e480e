"""`torch.autograd.profiler`: the older names of `teletensor.profiler`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from teletensor import missing as _missing
from teletensor.profiler import profile as _profile
from teletensor.profiler import record_function

__all__ = ["profile", "record_function"]


class profile(_profile):
    """As `teletensor.profiler.profile`; with `enabled=False` it does nothing. Other arguments change nothing."""

    def __init__(self, enabled: bool = True, **unused: Any) -> None:
        super().__init__()
        self.enabled = enabled

    def start(self) -> None:
        """Begin, if enabled."""
        if self.enabled:
            super().start()

    def table(self, *args: Any, **kwargs: Any) -> str:
        """The table of `key_averages()`."""
        return self.key_averages().table(*args, **kwargs)


if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
