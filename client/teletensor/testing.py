"""`torch.testing`: comparing tensors in tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from teletensor_core import dtypes
from teletensor_core.errors import ArgumentError

from teletensor import factories
from teletensor import missing as _missing
from teletensor.tensor import Tensor

__all__ = ["assert_close"]

# Relative and absolute tolerance by dtype; integers and bools have to be equal.
_TOLERANCES = {
    dtypes.float16: (1e-3, 1e-5), dtypes.bfloat16: (1.6e-2, 1e-5), dtypes.float32: (1.3e-6, 1e-5),
    dtypes.float64: (1e-7, 1e-7), dtypes.complex64: (1.3e-6, 1e-5), dtypes.complex128: (1e-7, 1e-7),
}  # fmt: skip


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Raise AssertionError unless two tensors, numbers, arrays, or containers of them, are close.

    Close is |actual - expected| <= atol + rtol * |expected|, with tolerances by dtype unless both are given. Values are
    fetched: waits once for each tensor.
    """
    if (rtol is None) != (atol is None):
        raise ArgumentError(f"rtol and atol must both be specified or both be unspecified, but got {rtol=} and {atol=}")
    problem = _difference(
        actual,
        expected,
        rtol,
        atol,
        equal_nan,
        check_device=check_device,
        check_dtype=check_dtype,
        check_stride=check_stride,
    )
    if problem is not None:
        raise AssertionError(problem if msg is None else msg(problem) if callable(msg) else msg)


def _difference(actual: Any, expected: Any, *tolerances: Any, **checks: bool) -> str | None:
    """What is wrong, or None."""
    if isinstance(actual, dict) and isinstance(expected, dict):
        if set(actual) != set(expected):
            return f"The keys of the mappings do not match: {sorted(actual)} and {sorted(expected)}"
        return _first((f"[{key!r}]", actual[key], expected[key]) for key in actual)(tolerances, checks)
    if isinstance(actual, (list, tuple)) and isinstance(expected, (list, tuple)):
        if len(actual) != len(expected):
            return f"The length of the sequences mismatch: {len(actual)} != {len(expected)}"
        return _first((f"[{i}]", a, e) for i, (a, e) in enumerate(zip(actual, expected, strict=True)))(
            tolerances, checks
        )
    return _of_tensors(_as_tensor(actual), _as_tensor(expected), *tolerances, **checks)


def _first(items: Any) -> Callable[..., str | None]:
    """The first difference among items, with where it is."""

    def find(tolerances: Any, checks: Any) -> str | None:
        for where, actual, expected in items:
            problem = _difference(actual, expected, *tolerances, **checks)
            if problem is not None:
                return f"{problem}\n\nThe failure occurred for item {where}"
        return None

    return find


def _as_tensor(x: Any) -> Tensor:
    return x.detach() if isinstance(x, Tensor) else factories.as_tensor(x, device="cpu")


def _of_tensors(
    actual: Tensor, expected: Tensor, rtol: float | None, atol: float | None, equal_nan: bool, *, check_device: bool,
    check_dtype: bool, check_stride: bool,
) -> str | None:  # fmt: skip
    if actual.shape != expected.shape:
        return f"The values for attribute 'shape' do not match: {actual.shape} != {expected.shape}."
    for name, wanted in (("device", check_device), ("dtype", check_dtype), ("stride", check_stride)):
        mine, theirs = (x.stride() if name == "stride" else getattr(x, name) for x in (actual, expected))
        if wanted and mine != theirs:
            return f"The values for attribute '{name}' do not match: {mine} != {theirs}."
    if rtol is None or atol is None:
        pairs = [_TOLERANCES.get(x.dtype, (0.0, 0.0)) for x in (actual, expected)]
        rtol, atol = max(r for r, _ in pairs), max(a for _, a in pairs)
    mine, theirs = (_values(x) for x in (actual, expected))
    close = np.isclose(mine, theirs, rtol, atol, equal_nan)
    return None if close.all() else _report(mine, theirs, close, rtol, atol)


def _values(x: Tensor) -> np.ndarray[Any, Any]:
    array = x.numpy(force=True)
    return array.astype(np.complex128 if x.is_complex() else np.float64 if x.is_floating_point() else np.int64)


def _report(mine: Any, theirs: Any, close: Any, rtol: float, atol: float) -> str:
    """PyTorch's words for tensors that are not close."""
    kind = "Scalars" if not close.ndim else "Tensor-likes"
    word = "equal" if rtol == atol == 0 else "close"
    with np.errstate(all="ignore"):
        absolute = np.where(close, 0, np.abs(mine - theirs))
        relative = np.where(close, 0, absolute / np.abs(theirs))
    # NaN counts as the greatest of all.
    worst, steepest = (
        np.unravel_index(int(np.argmax(np.where(np.isnan(x), np.inf, x))), x.shape) for x in (absolute, relative)
    )
    lines = [f"{kind} are not {word}!", ""]
    if close.ndim:
        bad = int((~close).sum())
        lines.append(f"Mismatched elements: {bad} / {close.size} ({100 * bad / close.size:.1f}%)")
    for name, values, at, limit in (("absolute", absolute, worst, atol), ("relative", relative, steepest, rtol)):
        place = f" at index {tuple(int(i) for i in at)}" if close.ndim else ""
        lines.append(f"Greatest {name} difference: {float(values[at])}{place} (up to {limit} allowed)")
    return "\n".join(lines)


if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
