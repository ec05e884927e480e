"""CuPy's functions and ufuncs, as far as the strict device knows them: names, parameters, dtypes and traps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from teletensor_core import dtypes

from tests.devices.record_api import load
from tests.devices.strict_array import (
    State,
    StrictArray,
    StrictError,
    _operators,
    check_cast,
    unwrap,
    wrap,
    wrapped_around,
)

_API = load()
_BFLOAT16 = dtypes.bfloat16.np

# Functions that look at the data to know the size of their result, or whether it is right.
_WAITING = frozenset(
    {"nonzero", "flatnonzero", "argwhere", "unique", "extract", "compress", "bincount", "histogram", "unravel_index"}
    | {"delete", "average", "place", "putmask", "union1d", "intersect1d", "setdiff1d", "trim_zeros", "array_equal"}
)
# Functions that index their first operand by their second.
_INDEXING = frozenset({"take", "take_along_axis", "put_along_axis"})
# Functions of host data, of dtypes or of shapes.
_HOST = frozenset({"result_type", "can_cast", "promote_types", "broadcast_shapes", "ndim", "shape", "size"})
_WITHOUT_BFLOAT16 = {
    "var": "is float64 in CuPy",
    "std": "is float64 in CuPy",
    "where": "is float32 in CuPy",
    "cumsum": "does not compile in CuPy",
    "cumprod": "does not compile in CuPy",
    "einsum": "is not supported by CuPy",
}


def function(state: State, name: str, module: str = "functions") -> Callable[..., Any]:
    """CuPy's function of that name. Raises AttributeError when CuPy has none; its dtypes and constants are NumPy's."""
    known = _API[module].get(name)
    source = np if module == "functions" else np.linalg
    if known is None:
        value = getattr(np, name, None)
        if module == "functions" and isinstance(value, (type, float)):
            return value  # type: ignore[return-value]
        raise AttributeError(f"module 'cupy' has no attribute '{name}'")
    if isinstance(known, list) and isinstance(getattr(np, name, None), np.ufunc):
        return _Ufunc(state, name, known)
    return _Function(state, name, getattr(source, name), known)


class _Function:
    """A function that is no ufunc."""

    def __init__(self, state: State, name: str, of_numpy: Any, parameters: Any) -> None:
        self.state, self.name, self.of_numpy, self.parameters = state, name, of_numpy, parameters

    def __call__(self, *operands: Any, **keywords: Any) -> Any:
        self._check_parameters(len(operands), keywords)
        if self.name in _HOST:
            return self.of_numpy(*(x.dtype if isinstance(x, StrictArray) else x for x in operands), **keywords)
        if self.name in _WAITING:
            self.state.wait(self.name)
        self._check_bfloat16(operands)
        if self.name == "copyto" and isinstance(operands[1], StrictArray):
            check_cast(operands[1].host, operands[0].dtype)
        plain = [unwrap(x) for x in operands]
        if self.name in _INDEXING:
            axis = {**dict(zip(self.parameters["names"], operands, strict=False)), **keywords}.get("axis")
            size = plain[0].size if axis is None else plain[0].shape[axis]
            plain[1] = wrapped_around(plain[1], size, self.state, f"axis {axis} of {self.name}")
        with np.errstate(all="ignore"):
            found = self.of_numpy(*plain, **{k: unwrap(v) for k, v in keywords.items()})
        out = keywords.get("out")
        return out if out is not None else wrap(found, self.state)

    def _check_parameters(self, given: int, keywords: dict[str, Any]) -> None:
        if not isinstance(self.parameters, dict):
            return
        names = self.parameters["names"]
        for keyword in keywords:
            if keyword not in names and not self.parameters["keywords"]:
                raise TypeError(f"{self.name}() got an unexpected keyword argument '{keyword}'")
        if given > len(names) and not self.parameters["more"]:
            raise TypeError(f"{self.name}() takes {len(names)} positional arguments but {given} were given")

    def _check_bfloat16(self, operands: Sequence[Any]) -> None:
        if self.name in _WITHOUT_BFLOAT16 and any(getattr(x, "dtype", None) == _BFLOAT16 for x in operands):
            raise StrictError(f"{self.name} of bfloat16 {_WITHOUT_BFLOAT16[self.name]}")


class _Ufunc:
    """An element-by-element function with the loops that CuPy has."""

    def __init__(self, state: State, name: str, loops: list[str]) -> None:
        self.state, self.name, self.of_numpy = state, name, getattr(np, name)
        self.loops = [tuple(loop.split("->")[0].replace("E", "\0")) for loop in loops]

    def __call__(self, *operands: Any, out: Any = None, **keywords: Any) -> Any:
        if keywords:
            raise TypeError(f"Wrong arguments {keywords}: a mask would leave the rest of the result unwritten")
        if any(isinstance(x, (list, tuple)) or x is None for x in operands):
            raise TypeError(f"Unsupported type {[type(x).__name__ for x in operands]} in cupy.{self.name}")
        plain = [unwrap(x) for x in operands]
        self._check_loop(plain)
        self._check_values(plain)
        with np.errstate(all="ignore"):
            if out is not None:
                self.of_numpy(*plain, out=out.host)
                return out
            return wrap(np.asarray(self.of_numpy(*plain), order="C"), self.state)

    def _check_loop(self, operands: list[Any]) -> None:
        have = [x.dtype for x in operands if isinstance(x, (np.ndarray, np.generic))]
        if any(dtype == _BFLOAT16 for dtype in have):
            return
        for loop in self.loops:
            wanted = [np.dtype(c) for c in loop if c != "\0"]
            if wanted and all(np.can_cast(dtype, max(wanted, key=lambda d: d.itemsize)) for dtype in have):
                return
        raise TypeError(f"Wrong type ({have}) of arguments for cupy_{self.name}")

    def _check_values(self, operands: list[Any]) -> None:
        """What processors disagree about, or NumPy and CuPy do."""
        if self.name in ("left_shift", "right_shift"):
            first, by = (np.asarray(x) for x in operands)
            if by.size and (by.min() < 0 or by.max() >= 8 * first.dtype.itemsize):
                raise StrictError("a shift by more than the width is undefined on a GPU")
        if self.name == "power" and np.result_type(*operands).kind in "iu" and np.any(np.asarray(operands[1]) < 0):
            raise StrictError("an integer to a negative power is 0 in CuPy, an error in NumPy")


_operators()
