"""The NumPy backend."""

from __future__ import annotations

import contextlib
import functools
import platform
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from teletensor_core import cephes, polynomials, special
from teletensor_core.backends.base import Backend
from teletensor_core.backends.composites import Composites
from teletensor_core.errors import ArgumentError, DimensionError
from teletensor_core.formulas import inplace
from teletensor_core.kernels import convolution, winograd
from teletensor_core.kernels.windows import Geometry
from teletensor_core.random import philox

_SHORT_ROW = 32
# In elements; NumPy allows no less.
_LEAST_BUFFER = 16
# Vectors of ones up to this length are kept.
_KEPT = 1 << 14


def _ones(count: int, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    return _kept_ones(count, dtype) if count <= _KEPT else np.ones(count, dtype)


@functools.lru_cache(maxsize=64)
def _kept_ones(count: int, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    made = np.ones(count, dtype)
    made.flags.writeable = False
    return made


class NumPyNamespace(Composites):
    """NumPy's functions, and those of ours that NumPy and CuPy spell differently or lack."""

    # Columns of convolutions are used up while they are still in the processor's cache.
    workspace = 4 << 20
    # And so are the intermediate results of long formulas; in smaller pieces, calls cost more than they gain.
    elements_at_once = 1 << 16
    erf = staticmethod(special.erf)
    erfc = staticmethod(special.erfc)
    erfinv = staticmethod(special.erfinv)
    lgamma = staticmethod(special.lgamma)
    digamma = staticmethod(special.digamma)
    zeta = staticmethod(special.zeta)
    sigmoid = staticmethod(special.sigmoid)
    i0e = staticmethod(special.i0e)
    i1e = staticmethod(special.i1e)
    j0 = staticmethod(cephes.j0)
    j1 = staticmethod(cephes.j1)
    y0 = staticmethod(cephes.y0)
    y1 = staticmethod(cephes.y1)
    k0e = staticmethod(cephes.k0e)
    k1e = staticmethod(cephes.k1e)
    erfcx = staticmethod(cephes.erfcx)
    recurrence = staticmethod(polynomials.recurrence)
    gammainc = staticmethod(special.gammainc)
    gammaincc = staticmethod(special.gammaincc)
    random_bits = staticmethod(philox.bits)
    ndtri = staticmethod(philox.normal_from_uniform)

    def __getattr__(self, name: str) -> Any:
        function = getattr(np, name)
        self.__dict__[name] = function
        return function

    @staticmethod
    def as_strided(x: Any, shape: Sequence[int], strides: Sequence[int]) -> Any:
        """A view with these sizes and strides in bytes."""
        return np.lib.stride_tricks.as_strided(x, shape, strides)

    @staticmethod
    def row_max(x: Any) -> Any:
        """The greatest element of each row.

        NumPy starts anew for each row, so short ones are turned first; and it finds a place faster than a value.
        """
        count = x.shape[-1]
        if x.ndim < 2 or not x.size:
            return x.max(axis=-1, keepdims=True)
        rows = x.reshape((-1, count))
        if count < _SHORT_ROW:
            return np.ascontiguousarray(rows.T).max(axis=0).reshape((*x.shape[:-1], 1))
        places = rows.argmax(axis=1)
        places += np.arange(0, rows.size, count)
        return rows.reshape(-1).take(places).reshape((*x.shape[:-1], 1))

    @staticmethod
    def row_sum(x: Any) -> Any:
        """The sum of each row: a product with ones is faster than a reduction."""
        if x.dtype.kind != "f":
            return x.sum(axis=-1, keepdims=True)
        return np.matmul(x, _ones(x.shape[-1], x.dtype))[..., None]

    @staticmethod
    def row_dot(a: Any, b: Any) -> Any:
        """The sum of products of each row."""
        if a.dtype.kind == "c":
            return (a * b).sum(axis=-1, keepdims=True)
        return np.vecdot(a, b)[..., None]

    @staticmethod
    def column_sum(x: Any) -> Any:
        """The sums over a matrix (R, n)."""
        return np.matmul(_ones(x.shape[0], x.dtype), x) if x.dtype.kind == "f" else x.sum(axis=0)

    normal_cdf = staticmethod(special.normal_cdf)

    @staticmethod
    @contextlib.contextmanager
    def rows_in_place() -> Iterator[None]:
        """NumPy copies what has gaps into buffers, and takes rows that do not fit into those as they are."""
        before = np.setbufsize(_LEAST_BUFFER)
        try:
            yield
        finally:
            np.setbufsize(before)

    def in_place(self, formula: Any, arrays: Sequence[Any], numbers: Sequence[Any], written: Sequence[int]) -> None:
        """`formula(xp, *arrays, *numbers)`, in one pass over memory where there is a compiler."""
        if not inplace.run(self, formula, arrays, numbers, written):
            super().in_place(formula, arrays, numbers, written)

    def conv(self, x: Any, weight: Any, bias: Any, places: Sequence[int], how: Geometry) -> Any:
        """The convolution (N, O, places) of (N, C, ...) with (O, C / groups, kernel), plus (O,) or None."""
        way = winograd if winograd.suits(x, weight.shape, places, how) else convolution
        return way.forward(self, x, weight, bias, places, how)

    def conv_input_gradient(self, g: Any, weight: Any, shape: Sequence[int], how: Geometry) -> Any:
        """What reaches an input of `shape` from the gradient of a convolution's result."""
        way = winograd if winograd.suits(g, weight.shape, shape[2:], how) else convolution
        return way.input_gradient(self, g, weight, shape, how)

    def conv_weight_gradient(self, g: Any, x: Any, shape: Sequence[int], how: Geometry) -> Any:
        """What reaches a weight of `shape` from the gradient of a convolution's result."""
        way = winograd if winograd.suits(x, shape, g.shape[2:], how) else convolution
        return way.weight_gradient(self, g, x, shape, how)

    @staticmethod
    def fft_complex(x: Any, axes: Sequence[int], forward: bool) -> Any:
        """The transform of complex numbers over axes, without a norm."""
        transformed = np.fft.fftn(x, axes=axes) if forward else np.fft.ifftn(x, axes=axes, norm="forward")
        return np.ascontiguousarray(transformed)

    @staticmethod
    def fft_from_real(x: Any, axes: Sequence[int]) -> Any:
        """The transform of real numbers over axes, without a norm; of the last axis its first n // 2 + 1 terms."""
        return np.ascontiguousarray(np.fft.rfftn(x, axes=axes))

    @staticmethod
    def fft_to_real(x: Any, axes: Sequence[int], size: int) -> Any:
        """The real numbers of which `fft_from_real` gives these terms, without a norm; `size` in the last axis."""
        sizes = [*(x.shape[axis] for axis in axes[:-1]), size]
        return np.ascontiguousarray(np.fft.irfftn(x, sizes, axes=axes, norm="forward"))

    @staticmethod
    def scatter_add(target: Any, index: tuple[Any, ...], values: Any) -> None:
        """Add values at index arrays, counting every duplicate."""
        # With one index into one dimension, NumPy takes a way that is several times as fast.
        if len(index) == 1 and target.ndim > 1 and _is_flat(target, index[0]):
            _add_rows(target, index[0], values)
            return
        flat = _flat_index(target, index)
        if flat is None:
            np.add.at(target, index, values)
        else:
            np.add.at(target.reshape(-1), flat.reshape(-1), np.broadcast_to(values, flat.shape).reshape(-1))

    @staticmethod
    def scatter_max(target: Any, index: tuple[Any, ...], values: Any) -> None:
        """Keep the greatest of what is there and every value that goes there."""
        np.maximum.at(target, index, values)

    @staticmethod
    def scatter_min(target: Any, index: tuple[Any, ...], values: Any) -> None:
        """Keep the least of what is there and every value that goes there."""
        np.minimum.at(target, index, values)

    @staticmethod
    def scatter_mul(target: Any, index: tuple[Any, ...], values: Any) -> None:
        """Multiply values at index arrays, counting every duplicate."""
        np.multiply.at(target, index, values)

    @staticmethod
    def running_max(x: Any, axis: int) -> Any:
        """The greatest element so far along an axis; NaN once one was seen."""
        return np.maximum.accumulate(x, axis=axis)

    @staticmethod
    def running_min(x: Any, axis: int) -> Any:
        """The least element so far along an axis; NaN once one was seen."""
        return np.minimum.accumulate(x, axis=axis)

    @staticmethod
    def check_bounds(index: Any, size: int, text: str, negative: bool = True) -> None:
        """Raise DimensionError for an index outside [-size, size), or [0, size) when `negative` is not allowed.

        `text` says so, of an {index} and a {size}. On a GPU this would be a wait, and is not done.
        """
        lowest = -size if negative else 0
        if index.size and (index.max() >= size or index.min() < lowest):
            wrong = index[(index >= size) | (index < lowest)].reshape(-1)[0]
            raise DimensionError(text.format(index=int(wrong), size=size))

    @staticmethod
    def all_count(classes: Any, count: int, ignored: int) -> bool:
        """Whether every element is one of so many classes, and none is the one that is ignored."""
        if not classes.size or classes.min() < 0 or classes.max() >= count:
            return False
        return not 0 <= ignored < count or not (classes == ignored).any()

    @staticmethod
    def check_unit(x: Any, what: str) -> None:
        """Raise ArgumentError for an element outside [0, 1]. On a GPU this would be a wait, and is not done."""
        if x.size and not (x.min() >= 0 and x.max() <= 1):
            raise ArgumentError(f"{what} should be between 0 and 1, got {x.min()} to {x.max()}")

    @staticmethod
    def check_all(holds: Any, text: str) -> None:
        """Raise ArgumentError unless all elements are true. On a GPU this would be a wait, and is not done."""
        if not holds.all():
            raise ArgumentError(text)

    @staticmethod
    def stable_argsort(x: Any, axis: int) -> Any:
        """Ascending order, equal elements in their old order, NaN last."""
        return np.argsort(x, axis=axis, kind="stable")


def _is_flat(target: Any, index: Any) -> bool:
    return isinstance(index, np.ndarray) and index.dtype.kind == "i" and bool(target.flags.c_contiguous)


def _add_rows(target: Any, index: Any, values: Any) -> None:
    """Add rows of values, in their order, to the rows of the target that an index names."""
    width = target.size // max(len(target), 1)
    rows = np.broadcast_to(values, (*index.shape, *target.shape[1:])).reshape((index.size, width))
    starts = np.where(index < 0, index + len(target), index).reshape(-1) * width
    step = max(NumPyNamespace.elements_at_once // max(width, 1), 1)
    for at in range(0, len(starts), step):
        places = starts[at : at + step, None] + np.arange(width)
        np.add.at(target.reshape(-1), places.reshape(-1), rows[at : at + step].reshape(-1))


def _flat_index(target: Any, index: tuple[Any, ...]) -> Any:
    """Index arrays for every dimension as one into the flattened target; None for other keys and layouts."""
    if len(index) != target.ndim or target.ndim < 2:
        return None
    flat: Any = 0
    for part, size in zip(index, target.shape, strict=True):
        if not _is_flat(target, part):
            return None
        flat = flat * size + (np.where(part < 0, part + size, part) if part.size and part.min() < 0 else part)
    return flat


class NumPyBackend(Backend):
    """Arrays in host memory."""

    name = "numpy"
    library = f"NumPy {np.__version__}"
    linalg_errors = (np.linalg.LinAlgError,)

    def __init__(self) -> None:
        self.device_name = platform.processor() or platform.machine()
        self.xp = NumPyNamespace()

    def asarray(self, host: np.ndarray[Any, Any]) -> Any:
        """The array itself."""
        return host

    def to_host(self, array: Any) -> np.ndarray[Any, Any]:
        """The array itself."""
        result: np.ndarray[Any, Any] = array
        return result

    def synchronize(self) -> None:
        """NumPy's functions return when they are done."""

    def free_pools(self) -> None:
        """NumPy keeps none."""

    def memory_info(self) -> dict[str, int]:
        """What the operating system tells of this process and machine."""
        return {"allocated": _resident_bytes()}


def _resident_bytes() -> int:
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096
    except OSError:
        return 0
