"""`as_torch`: from then on `import torch` and all below it gives teletensor's own modules in this process."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from teletensor import missing
from teletensor.type_names import take_torch_names

# What PyTorch has below `torch` besides the modules that `teletensor.__all__` names.
_ALSO = frozenset(("_C", "functional", "serialization", "torch_version", "compiler"))


def as_torch() -> ModuleType:
    """Let `torch` be teletensor for every later import in this process; the module itself.

    It takes precedence over an installed PyTorch, which is not touched. `torch.__version__` then is the version of the
    PyTorch whose API this is, and types print as PyTorch's do. A module of PyTorch that is not here is a
    ModuleNotFoundError that says so. May be called again. Raises ImportError if PyTorch was imported before: its
    tensors and these cannot be mixed.
    """
    # Which asks for the version, and that takes longer than importing most of this package.
    from teletensor.torch_version import API, TorchVersion

    own = sys.modules["teletensor"]
    present = sys.modules.get("torch")
    if present is own:
        return own
    if present is not None:
        where = getattr(present, "__file__", None) or "an unknown place"
        raise ImportError(
            f"torch was imported before, from {where}: call teletensor.as_torch() before anything imports torch"
        )
    sys.meta_path.insert(0, _Finder())
    sys.modules["torch"] = own
    take_torch_names(own)
    own.__dict__["__version__"] = own.__dict__["version"].__version__ = TorchVersion(API)
    return own


class _Finder(MetaPathFinder):
    """Finds `torch.nn` as the module `teletensor.nn`: one module under two names."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """How to load it. Of what is not here: ModuleNotFoundError for an import, None for one who only asks."""
        root, _, rest = fullname.partition(".")
        if root != "torch":
            return None
        own = f"teletensor.{rest}" if rest else "teletensor"
        found = importlib.util.find_spec(own) if not rest or _is_public(rest.partition(".")[0]) else None
        if found is not None:
            is_package = found.submodule_search_locations is not None
            return ModuleSpec(fullname, _Alias(own), origin=found.origin, is_package=is_package)
        if sys._getframe(1).f_code.co_name == "_find_spec" and _is_import(sys._getframe(2).f_code.co_name):
            raise ModuleNotFoundError(missing.message(fullname, missing.place()), name=fullname)
        return None


def _is_public(name: str) -> bool:
    own = sys.modules["teletensor"]
    return name in _ALSO or (name in own.__all__ and isinstance(getattr(own, name), ModuleType))


def _is_import(function: str) -> bool:
    return function in ("_find_and_load_unlocked", "_find_and_load")


class _Alias(Loader):
    """Gives the module that is there already, and leaves it as it is."""

    def __init__(self, own: str) -> None:
        self._own = own

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module itself. The import system is about to note a spec in it: this remembers its own."""
        module = import_module(self._own)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing but giving the module its own spec back."""
        module.__spec__ = self._spec
