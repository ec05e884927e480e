"""Whether two answers to a case agree: in class of error, or in dtype, shape and values within the dtype's rounding."""

import builtins
from typing import Any

import numpy as np
from teletensor_core.dtypes import BY_NP, DType

from tests.oracle.answers import Answer
from tests.oracle.cases import Case
from tests.oracle.known import is_known

# Relative and absolute tolerance by dtype: a few roundings of the value, of a sum of some ten such values.
TOLERANCE = {
    "float16": (2e-3, 4e-3),
    "bfloat16": (1.6e-2, 1.6e-2),
    "float32": (2e-5, 4e-6),
    "float64": (1e-10, 1e-11),
    "complex64": (2e-5, 1e-5),
    "complex128": (1e-10, 1e-11),
}

# What PyTorch says when it has no kernel, or no gradient, for a dtype on the CPU.
LACKING = ("not implemented", "not supported", "does not support automatic differentiation", "on CPU")


def assert_agrees(case: Case, ours: Answer, theirs: Answer) -> None:
    """Raise AssertionError, saying which call differs in what, unless the answers agree."""
    if is_known(case.key):
        return
    if "error" in theirs:
        assert_same_error(case, ours, theirs)
        return
    assert "error" not in ours, f"{case}: PyTorch has an answer, ours is {ours['error']}: {ours['message']}"
    for part in ("out", "grads", "second"):
        if part in theirs and not is_known(case.key, part):
            assert part in ours or not _flows(theirs[part]), f"{case}: no {part}; PyTorch has them"
            assert_close(f"{case} {part}", ours.get(part, []), theirs[part], wider=1 if part == "out" else 10)


def assert_same_error(case: Case, ours: Answer, theirs: Answer) -> None:
    """What PyTorch refuses for lack of a kernel may work here; what it refuses as wrong must be refused alike."""
    if any(words in theirs["message"] for words in LACKING):
        return
    assert "error" in ours, f"{case}: PyTorch raises {theirs['error']}: {theirs['message']}"
    wanted = getattr(builtins, theirs["error"])
    assert isinstance(ours["raised"], wanted), (
        f"{case}: {ours['error']} ({ours['message']}) is no {theirs['error']} ({theirs['message']})"
    )


def _flows(arrays: list[Any]) -> bool:
    return any(a is not None and np.any(a != 0) for a in arrays)


def assert_close(what: str, ours: list[Any], theirs: list[Any], wider: float = 1) -> None:
    """Arrays agree one by one; None stands for zeros."""
    ours = ours or [None] * len(theirs)
    assert len(ours) == len(theirs), f"{what}: {len(ours)} results, PyTorch has {len(theirs)}"
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if a is None or b is None:
            rest = a if b is None else b
            assert rest is None or not np.any(rest != 0), f"{what} {i}: {a} is not {b}"
            continue
        assert a.dtype == b.dtype, f"{what} {i}: dtype {a.dtype}, PyTorch has {b.dtype}"
        assert a.shape == b.shape, f"{what} {i}: shape {a.shape}, PyTorch has {b.shape}"
        rtol, atol = tolerance(BY_NP[a.dtype])
        wide = np.complex128 if a.dtype.kind == "c" else np.float64 if a.dtype.kind not in "biu" else a.dtype
        np.testing.assert_allclose(
            a.astype(wide), b.astype(wide), rtol=rtol * wider, atol=atol * wider, err_msg=f"{what} {i}", verbose=True
        )


def tolerance(dtype: DType) -> tuple[float, float]:
    """Relative and absolute tolerance; none for integers and bools."""
    return TOLERANCE.get(dtype.name, (0.0, 0.0))
