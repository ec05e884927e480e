"""What PyTorch has and teletensor has not, with the reason: one clear error at the line that used it."""

from __future__ import annotations

import dis
import os
import sys
from collections.abc import Callable
from functools import cache
from types import FrameType, ModuleType
from typing import Any

from teletensor import late

REASONS = {
    "distributed": "training over several processes is a later version's work; one worker serves one program",
    "parallel": "training over several processes is a later version's work",
    "jit": "there is nothing to compile to: ops run on the worker as they come",
    "fx": "modules are not traced: ops run on the worker as they come",
    "onnx": "models cannot be exported; torch.save writes state dicts that PyTorch reads",
    "export": "models cannot be exported; torch.save writes state dicts that PyTorch reads",
    "multiprocessing": "tensors cannot be shared between processes; Python's multiprocessing is there for the rest",
    "quantization": "there are no quantized tensors",
    "ao": "there are no quantized tensors",
    "sparse": "there are no sparse tensors",
    "sparse_coo_tensor": "there are no sparse tensors",
    "sparse_csr_tensor": "there are no sparse tensors",
    "nested": "there are no nested tensors: pad them, see nn.utils.rnn.pad_sequence",
    "hub": "models are not downloaded; load a checkpoint with torch.load",
    "package": "models cannot be packaged; torch.save writes state dicts",
    "mps": "there is one kind of accelerator here, the worker's: see torch.cuda and torch.accelerator",
    "xpu": "there is one kind of accelerator here, the worker's: see torch.cuda and torch.accelerator",
    "mtia": "there is one kind of accelerator here, the worker's: see torch.cuda and torch.accelerator",
    "futures": "ops are sent without waiting anyway; Tensor.item_async() and to_host(non_blocking=True) give futures",
    "classes": "custom C++ classes need PyTorch itself",
    "library": "custom operators need PyTorch itself; torch.autograd.Function works here",
    "add_graph": "modules are not traced, so there is no graph to show",
    "_dynamo": "there is no bytecode compiler here: torch.compile records what a call does",
    "_inductor": "there is no bytecode compiler here: torch.compile records what a call does",
}
_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


def getter(module: str) -> Callable[[str], str]:
    """A module's `__getattr__`: an error that names what is missing, where it was used, why, and what comes nearest.

    An AttributeError, so that programs can ask with `hasattr`; for `from torch import name` an ImportError. What is
    there but not imported yet is imported instead.
    """
    public = module.replace("teletensor", "torch", 1)

    def __getattr__(name: str) -> Any:
        if public == "torch" and (name in late.MODULES or name in late.NAMES):
            return late.find(name)
        if name.startswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        full, caller = f"{public}.{name}", sys._getframe(1)
        if _is_importing(caller):
            raise ImportError(message(full, place()), name=public)
        raise MissingError(full, place())

    return __getattr__


def of_object(owner: object, kind: str, name: str) -> AttributeError:
    """The error for an attribute that `owner`, a `torch.kind`, lacks: to be raised by its class's `__getattr__`.

    Where a property of that name has failed, its own error is raised instead.
    """
    if hasattr(type(owner), name):
        return _failure_of(owner, name)
    if name.startswith("_"):
        return AttributeError(f"{type(owner).__name__!r} object has no attribute {name!r}", name=name, obj=owner)
    return MissingError(f"{kind}.{name}", place())


def _failure_of(owner: object, name: str) -> AttributeError:
    try:
        object.__getattribute__(owner, name)
    except AttributeError as error:
        return error
    raise RuntimeError(f"{name!r} was not there, and then was")


class MissingError(AttributeError):
    """A name of PyTorch's that is not here. Its words are looked for when somebody reads them: `hasattr` does not."""

    def __init__(self, full: str, where: str) -> None:
        # An object that resembles nothing: the message has a better suggestion than Python's own.
        super().__init__(full, where, name=full.rpartition(".")[2], obj=None)

    def __str__(self) -> str:
        return message(*self.args)


def message(full: str, where: str) -> str:
    """What to say of `torch.some.name`, used at `where`."""
    name = full.rpartition(".")[2]
    parts = full.split(".")
    reason = REASONS.get(name) or next((REASONS[p] for p in reversed(parts[:-1]) if p in REASONS), None)
    near = nearest(full, cutoff=1.0 if reason else 0.75)
    said = f"teletensor has no {full} (used at {where}); {reason or 'it is not (yet) among what works here'}"
    return f"{said}; the nearest is {near}" if near else said


def place() -> str:
    """The innermost file and line on the stack that is neither ours nor the import system's."""
    frame = sys._getframe(1)
    while frame.f_back is not None and is_inside(frame.f_code.co_filename):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def is_inside(filename: str) -> bool:
    """Whether a file is this package's, or a part of the import system."""
    return filename.startswith(("<frozen importlib", _PACKAGE))


def _is_importing(frame: FrameType) -> bool:
    """Whether the frame is at a `from torch import name`, which would replace the words of an AttributeError."""
    return dis.opname[frame.f_code.co_code[frame.f_lasti]] == "IMPORT_FROM"


def nearest(full: str, cutoff: float = 0.75) -> str | None:
    """The name here that comes closest to `torch.some.name`: elsewhere with the same last part, else one like it."""
    import difflib

    holder, _, name = full.rpartition(".")
    known = _names()
    like = difflib.get_close_matches(name, known, n=5, cutoff=cutoff) if name not in known else [name]
    for found in like:
        beside = f"{holder}.{found}"
        if beside in known[found]:
            return beside
    return known[like[0]][0] if like else None


@cache
def _names() -> dict[str, list[str]]:
    """Every public name, by its last part: where it is, the shortest first."""
    found: dict[str, list[str]] = {}

    def walk(module: Any, prefix: str) -> None:
        for name in getattr(module, "__all__", None) or [n for n in vars(module) if n[0] != "_"]:
            value, full = getattr(module, name), f"{prefix}.{name}"
            is_below = isinstance(value, ModuleType) and value.__name__ == f"{module.__name__}.{name}"
            if is_below or not isinstance(value, ModuleType):
                found.setdefault(name, []).append(full)
            if is_below:
                walk(value, full)

    own = sys.modules["teletensor"]
    walk(own, "torch")
    for name in dir(own.Tensor):
        if name[0] != "_":
            found.setdefault(name, []).append(f"Tensor.{name}")
    for places in found.values():
        places.sort(key=len)
    return found
