"""The names that types go by in a program that takes this package for PyTorch: `print(type(x))` says `torch.Tensor`."""

from __future__ import annotations

import sys
from importlib import import_module
from inspect import isclass
from pkgutil import iter_modules
from types import ModuleType

from teletensor_core import errors

from teletensor.missing import MissingError

_TOP = ("Tensor", "Size", "dtype", "device")
_FAMILIES = ("teletensor.optim.", "teletensor.distributions.", "teletensor.utils.data.", "teletensor.nn.parameter")
# Errors that PyTorch raises as the builtin that each of them derives from.
_PLAIN_ERRORS = (
    errors.ShapeError, errors.DimensionError, errors.DTypeError, errors.ArgumentError, errors.ArgumentTypeError,
    errors.GradientError, errors.DeviceError, errors.NoDeviceError, errors.UnsupportedError,
)  # fmt: skip


def take_torch_names(own: ModuleType) -> None:
    """Give the classes of `own`, which is `torch` from now on, the modules and names that PyTorch's have.

    Only where the class is found by that name, so that pickling goes on. An error keeps its `__qualname__`, and with it
    its place in a traceback.
    """
    for name in _TOP:
        kind = getattr(own, name)
        kind.__module__, kind.__name__, kind.__qualname__ = "torch", name, name
    for entry in iter_modules(own.nn.modules.__path__):
        _name_members(import_module(f"teletensor.nn.modules.{entry.name}"))
    _name_members(own.optim.lr_scheduler)
    # What else programs derive from, or print, is named by then.
    for package in ("distributions", "utils.data"):
        import_module(f"teletensor.{package}")
    for name in list(sys.modules):
        if name.startswith(_FAMILIES):
            _name_members(sys.modules[name], name)
    for error in (*_PLAIN_ERRORS, MissingError):
        error.__name__ = next(base.__name__ for base in error.__mro__ if base.__module__ == "builtins")
    errors.LinAlgError.__name__ = "_LinAlgError"


def _name_members(module: ModuleType, only_of: str = "teletensor.") -> None:
    """Classes from below `only_of` say that they are of this module, under PyTorch's name."""
    place = "torch" + module.__name__.removeprefix("teletensor")
    for name, member in vars(module).items():
        if isclass(member) and member.__module__.startswith(only_of) and member.__name__ == name:
            member.__module__ = place
