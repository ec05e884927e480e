"""Runs a program on either library, and keeps PyTorch's answers.

A program is a function of the library, `def name(torch): ...`, that returns tensors, numbers, texts, or lists of them.
"""

import functools
import importlib
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from teletensor_core import dtypes

from tests.oracle import answers

MODULES = (
    "autograd", "views", "hooks", "broadcasting", "indexing", "bad_calls", "custom_functions", "composites", "creation",
    "objects", "modes", "bad_values", "corners", "graphs", "refusals", "grad_names",
    "spectra", "distributions", "divergences", "transforms", "refused_values", "special_functions", "solvers",
    "layers", "functions", "idioms", "seldom", "native", "rare", "subclasses", "inference", "meta", "forward_mode",
    "storages",
)  # fmt: skip
# Programs about this process: NumPy arrays that share memory, and the device's name in what they return.
HERE_ONLY = frozenset((
    "composites-apply_", "composites-put",
    "creation-as_tensor_shares_memory", "creation-default_dtype", "creation-legacy_types", "modes-autocasting",
    "modes-switches", "objects-device_as_context", "objects-facts", "objects-numpy_arrays",
    "rare-a_python_function_of_other_dtypes", "rare-a_python_function_of_other_sizes",
    "rare-a_python_function_of_what_needs_gradients", "rare-python_functions_of_elements",
    "rare-states_of_no_device", "subclasses-shown",
))  # fmt: skip
Program = Callable[[Any], Any]


@functools.cache
def programs(module: str) -> dict[str, Program]:
    """The public functions of a module of programs, by name."""
    found = vars(importlib.import_module(f"tests.programs.{module}"))
    if "CALLS" in found:
        return dict(found["CALLS"])
    return {
        name: f
        for name, f in found.items()
        if callable(f) and not name.startswith("_") and f.__module__.endswith(module)
    }


def outcome(program: Program, torch: Any, finish: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """What a program returns, flattened to arrays and texts; or the error that it, or `finish` after it, raises."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = program(torch)
        out = [_plain(x) for x in _flat(result)]
        finish()
    except Exception as error:
        return {"error": type(error).__name__, "message": str(error).strip().splitlines()[0], "raised": error}
    return {"out": out}


def _flat(result: Any) -> list[Any]:
    if isinstance(result, (list, tuple)) and not hasattr(result, "numel"):
        return [x for part in result for x in _flat(part)]
    return [result]


def _plain(x: Any) -> Any:
    if x is None or isinstance(x, str):
        return x
    if isinstance(x, (bool, int, float, complex)):
        return np.asarray(x)
    if hasattr(x, "detach"):
        x = x.detach().cpu()
        x = x.resolve_conj() if hasattr(x, "resolve_conj") else x
        is_bfloat16 = str(x.dtype).endswith("bfloat16")
        return x.float().numpy().astype(dtypes.bfloat16.np) if is_bfloat16 else np.array(x.numpy())
    return str(x)


def record(module: str) -> Path:
    """Write PyTorch's answers to a module's programs; the file."""
    import torch

    found = {name: outcome(program, torch) for name, program in programs(module).items()}
    for answer in found.values():
        answer.pop("raised", None)
    return answers.save(f"programs_{module}", {k: _packed(a) for k, a in found.items()})


def recorded(module: str) -> dict[str, Any]:
    """PyTorch's recorded answers to a module's programs."""
    return {name: _unpacked(answer) for name, answer in answers.load(f"programs_{module}").items()}


def _packed(answer: dict[str, Any]) -> dict[str, Any]:
    """Texts stand beside the arrays, which go into files as arrays only."""
    if "out" not in answer:
        return answer
    texts = {str(i): x for i, x in enumerate(answer["out"]) if isinstance(x, str)}
    return {"out": [None if isinstance(x, str) else x for x in answer["out"]], "texts": texts}


def _unpacked(answer: dict[str, Any]) -> dict[str, Any]:
    if "out" not in answer:
        return answer
    return {"out": [answer["texts"].get(str(i), x) for i, x in enumerate(answer["out"])]}


def assert_same(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """The same values within rounding, or an error of the same builtin class."""
    if "error" in theirs:
        assert "error" in ours, f"PyTorch raises {theirs['error']}: {theirs['message']}; we return {ours['out']}"
        wanted = _builtin(theirs["error"])
        assert isinstance(ours["raised"], wanted), f"{ours['error']} is no {theirs['error']} ({theirs['message']})"
        return
    if "error" in ours:
        raise AssertionError(f"PyTorch returns {theirs['out']}") from ours["raised"]
    assert len(ours["out"]) == len(theirs["out"]), f"{len(ours['out'])} results, PyTorch has {len(theirs['out'])}"
    for i, (a, b) in enumerate(zip(ours["out"], theirs["out"], strict=True)):
        if isinstance(b, np.ndarray):
            assert isinstance(a, np.ndarray), f"{i}: {a!r} is not {b!r}"
            assert (a.dtype, a.shape) == (b.dtype, b.shape), f"{i}: {a.dtype}{a.shape} is not {b.dtype}{b.shape}"
            np.testing.assert_allclose(a.astype("D"), b.astype("D"), rtol=2e-5, atol=2e-6, err_msg=str(i))
        else:
            assert a == b, f"{i}: {a!r} is not {b!r}"


def assert_told_alike(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """An error that begins with PyTorch's own words; what to do about it may follow."""
    wanted = theirs["message"].rstrip(".")
    assert ours["message"].startswith(wanted), f"{ours['message']!r} is not {wanted!r}"


def _builtin(name: str) -> type[BaseException]:
    """The builtin that a PyTorch error class derives from, as far as programs can tell."""
    import builtins

    special = {"LinAlgError": RuntimeError, "_LinAlgError": RuntimeError, "OutOfMemoryError": RuntimeError}
    found: type[BaseException] = special.get(name) or getattr(builtins, name)
    return found
