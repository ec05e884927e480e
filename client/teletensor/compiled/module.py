"""A compiled module: the module itself, called through its programs."""

from __future__ import annotations

from typing import Any

from teletensor.compiled.function import MOST_PROGRAMS, CompiledFunction
from teletensor.nn import Module


class OptimizedModule(Module):
    """What `torch.compile(module)` gives. Its parameters and attributes are the module's own, which is `_orig_mod`."""

    def __init__(self, module: Any, verify: bool | int = False, most: int = MOST_PROGRAMS) -> None:
        super().__init__()
        self._orig_mod = module
        self.training = module.training
        self.__dict__["forward"] = CompiledFunction(module, verify, most)

    def __getattr__(self, name: str) -> Any:
        module = vars(self).get("_modules", {}).get("_orig_mod")
        if module is None or name.startswith("__"):
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        return module if name == "_orig_mod" else getattr(module, name)
