"""CuPy's functions as op code knows them, and those that CuPy lacks, spells differently or answers differently.

Nothing here waits for the device, but for the functions whose result's shape depends on data and the factorisations,
which have to look whether a matrix was singular.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple
from typing import Any

import cupy
import cupyx
import numpy as np
from cupyx.scipy import special

from teletensor_core import dtypes
from teletensor_core.backends.capture import refuse_in_capture
from teletensor_core.backends.cupy_composites import CudaComposites
from teletensor_core.backends.deferred import words
from teletensor_core.backends.faults import Faults
from teletensor_core.kernels.cuda import elementwise, modules
from teletensor_core.random import philox

_BFLOAT16 = dtypes.bfloat16.np
# Dtypes that cupy.add.at knows; others are added up in a wider one.
_ATOMIC = frozenset("iqQILlfd")
_SHORT_LINE, _BLOCK, _MOST_BLOCKS = 64, 256, 65535


class CuPyNamespace(CudaComposites):
    """The namespace `xp` of kernels on a GPU."""

    # Columns of convolutions: big enough to fill the device, small beside its memory.
    workspace = 64 << 20
    # Element-by-element formulas run on whole arrays.
    elements_at_once = 0
    erf = staticmethod(special.erf)
    erfc = staticmethod(special.erfc)
    erfinv = staticmethod(special.erfinv)
    lgamma = staticmethod(elementwise.lgamma)
    digamma = staticmethod(special.digamma)
    sigmoid = staticmethod(elementwise.sigmoid)
    i0e = staticmethod(special.i0e)
    i1e = staticmethod(special.i1e)
    j0 = staticmethod(special.j0)
    j1 = staticmethod(special.j1)
    y0 = staticmethod(special.y0)
    y1 = staticmethod(special.y1)
    k0e = staticmethod(special.k0e)
    k1e = staticmethod(special.k1e)
    erfcx = staticmethod(special.erfcx)
    gammainc = staticmethod(special.gammainc)
    gammaincc = staticmethod(special.gammaincc)
    ndtri = staticmethod(elementwise.ndtri)

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.linalg = _Checked()

    def __getattr__(self, name: str) -> Any:
        function = getattr(cupy, name)
        self.__dict__[name] = function
        return function

    # -- creation and choice -----------------------------------------------------------------------------------------

    @staticmethod
    def as_strided(x: Any, shape: Sequence[int], strides: Sequence[int]) -> Any:
        """A view with these sizes and strides in bytes."""
        return cupy.lib.stride_tricks.as_strided(x, shape, strides)

    @staticmethod
    def fft_complex(x: Any, axes: Sequence[int], forward: bool) -> Any:
        """The transform of complex numbers over axes, without a norm."""
        _refuse_plan()
        transformed = cupy.fft.fftn(x, axes=axes) if forward else cupy.fft.ifftn(x, axes=axes, norm="forward")
        return cupy.ascontiguousarray(transformed)

    @staticmethod
    def fft_from_real(x: Any, axes: Sequence[int]) -> Any:
        """The transform of real numbers over axes, without a norm; of the last axis its first n // 2 + 1 terms."""
        _refuse_plan()
        return cupy.ascontiguousarray(cupy.fft.rfftn(x, axes=axes))

    @staticmethod
    def fft_to_real(x: Any, axes: Sequence[int], size: int) -> Any:
        """The real numbers of which `fft_from_real` gives these terms, without a norm; `size` in the last axis."""
        _refuse_plan()
        sizes = [*(x.shape[axis] for axis in axes[:-1]), size]
        return cupy.ascontiguousarray(cupy.fft.irfftn(x, sizes, axes=axes, norm="forward"))

    @staticmethod
    def random_bits(count: int, seed: int, offset: int) -> Any:
        """`count` random uint32: the words of the blocks from `offset` on, under the key `seed`."""
        out = cupy.empty(count, "uint32")
        is_deferred, where = words(seed, offset)
        run = elementwise.random_bits_deferred if is_deferred else elementwise.random_bits
        run(*where, count, out, size=-(-count // philox.WORDS))
        return out

    @staticmethod
    def where(condition: Any, x: Any, y: Any) -> Any:
        """Elements of `x` where the condition holds, else of `y`."""
        if _BFLOAT16 in (getattr(x, "dtype", None), getattr(y, "dtype", None)):
            return _where_bfloat16(condition, x, y)
        return cupy.where(condition, x, y)

    # -- logic: CuPy's takes no complex numbers ------------------------------------------------------------------------

    @staticmethod
    def logical_and(a: Any, b: Any) -> Any:
        """Whether both are not zero."""
        return cupy.logical_and(_truth(a), _truth(b))

    @staticmethod
    def logical_or(a: Any, b: Any) -> Any:
        """Whether either is not zero."""
        return cupy.logical_or(_truth(a), _truth(b))

    @staticmethod
    def logical_xor(a: Any, b: Any) -> Any:
        """Whether exactly one is not zero."""
        return cupy.logical_xor(_truth(a), _truth(b))

    @staticmethod
    def logical_not(x: Any) -> Any:
        """Whether elements are zero."""
        return cupy.logical_not(_truth(x))

    # -- arithmetic --------------------------------------------------------------------------------------------------

    @staticmethod
    def floor_divide(a: Any, b: Any) -> Any:
        """The quotient rounded down, as Python rounds it."""
        return _divided(elementwise.floor_divide, cupy.floor_divide, a, b)

    @staticmethod
    def remainder(a: Any, b: Any) -> Any:
        """The remainder of division rounded down: it has the divisor's sign."""
        return _divided(elementwise.remainder, cupy.remainder, a, b)

    @staticmethod
    def zeta(s: Any, q: Any) -> Any:
        """The Hurwitz zeta function for s > 1."""
        return elementwise.zeta(q, cupy.asarray(s, q.dtype))

    @staticmethod
    def recurrence(x: Any, n: Any, family: Any) -> Any:
        """The polynomial of degree n of a family; see `teletensor_core.polynomials`."""
        return elementwise.recurrence(cupy.asarray(x), cupy.asarray(n), *map(float, astuple(family)))

    # -- order -------------------------------------------------------------------------------------------------------

    @staticmethod
    def stable_argsort(x: Any, axis: int) -> Any:
        """Ascending order, equal elements in their old order, NaN last."""
        return cupy.argsort(_one_nan(x), axis=axis)

    @staticmethod
    def sort(x: Any, axis: int = -1) -> Any:
        """The elements in ascending order, NaN last."""
        return cupy.sort(_one_nan(x), axis=axis)

    @staticmethod
    def running_max(x: Any, axis: int) -> Any:
        """The greatest element so far along an axis; NaN once one was seen."""
        return _scan("RunningMax", x, axis)

    @staticmethod
    def running_min(x: Any, axis: int) -> Any:
        """The least element so far along an axis; NaN once one was seen."""
        return _scan("RunningMin", x, axis)

    # -- indices -----------------------------------------------------------------------------------------------------

    def check_bounds(self, index: Any, size: int, text: str, negative: bool = True) -> None:
        """Have DimensionError raised, when somebody next waits, for an index outside [-size, size), or [0, size)."""
        self.faults.check_bounds(index, -size if negative else 0, size, text)

    def check_unit(self, x: Any, what: str) -> None:
        """Have ArgumentError raised, when somebody next waits, for an element outside [0, 1]."""
        self.faults.check_unit(x, what)

    def check_all(self, holds: Any, text: str) -> None:
        """Have ArgumentError raised, when somebody next waits, unless all elements are true."""
        self.faults.check_all(holds, text)

    @staticmethod
    def scatter_add(target: Any, index: tuple[Any, ...], values: Any) -> None:
        """Add values at index arrays, counting every duplicate."""
        if target.dtype.kind == "c":
            cupy.add.at(target.real, index, values.real)
            cupy.add.at(target.imag, index, values.imag)
        elif target.dtype.char in _ATOMIC:
            cupy.add.at(target, index, values)
        else:
            wider = target.astype("float32" if _is_floating(target) else "int32")
            cupy.add.at(wider, index, values.astype(wider.dtype))
            target[...] = wider.astype(target.dtype)

    @staticmethod
    def scatter_max(target: Any, index: tuple[Any, ...], values: Any) -> None:
        """Keep the greatest of what is there and every value that goes there; NaN if one does."""
        _scatter(elementwise.scatter_max, target, index, values)

    @staticmethod
    def scatter_min(target: Any, index: tuple[Any, ...], values: Any) -> None:
        """Keep the least of what is there and every value that goes there; NaN if one does."""
        _scatter(elementwise.scatter_min, target, index, values)

    @staticmethod
    def scatter_mul(target: Any, index: tuple[Any, ...], values: Any) -> None:
        """Multiply values at index arrays, counting every duplicate."""
        _scatter(elementwise.scatter_mul, target, index, values)


class _Checked:
    """`cupy.linalg`, asked to look whether it succeeded: it raises LinAlgError as NumPy does."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(cupy.linalg, name)

        def checked(*operands: Any, **attributes: Any) -> Any:
            with cupyx.errstate(linalg="raise"):
                return function(*operands, **attributes)

        self.__dict__[name] = checked
        return checked


def _refuse_plan() -> None:
    """CuPy forgets plans when it has many, and with them the memory that a graph would work in."""
    refuse_in_capture("a Fourier transform works in memory of its plan")


def _where_bfloat16(condition: Any, x: Any, y: Any) -> Any:
    """CuPy would make float32 of bfloat16; choosing between bit patterns needs no arithmetic."""
    if not all(isinstance(v, (bool, int, float)) or getattr(v, "dtype", None) == _BFLOAT16 for v in (x, y)):
        return cupy.where(condition, x, y)
    x, y = (cupy.asarray(v, dtype=_BFLOAT16).view("uint16") for v in (x, y))
    return cupy.where(condition, x, y).view(_BFLOAT16)


def _truth(x: Any) -> Any:
    return x != 0 if _is_number(x) or x.dtype.kind == "c" else x


def _is_number(x: Any) -> bool:
    return isinstance(x, (bool, int, float, complex))


def _divided(floating: Callable[..., Any], integral: Callable[..., Any], a: Any, b: Any) -> Any:
    dtype = cupy.result_type(a, b)
    if dtype.kind != "f":
        return integral(a, b)
    return floating(*(x.astype(dtype, copy=False) if hasattr(x, "dtype") else dtype.type(x) for x in (a, b)))


def _one_nan(x: Any) -> Any:
    return elementwise.one_nan(x) if _is_floating(x) else x


def _is_floating(x: Any) -> bool:
    return bool(x.dtype.kind == "f" or x.dtype == _BFLOAT16)


def _scan(what: str, x: Any, axis: int) -> Any:
    x = cupy.ascontiguousarray(x)
    out = cupy.empty_like(x)
    if not x.size:
        return out
    axis %= x.ndim
    inner = int(np.prod(x.shape[axis + 1 :], dtype=int))
    n = x.shape[axis]
    lines = x.size // n
    by_line = n <= _SHORT_LINE or inner >= _SHORT_LINE
    blocks = min(-(-lines // _BLOCK) if by_line else lines, _MOST_BLOCKS)
    c_type = modules.c_name(x.dtype)
    run = modules.kernel("scan", "scan_lines" if by_line else "scan_blocks", c_type, f"teletensor::{what}<{c_type}>")
    run((blocks,), (_BLOCK,), (x, out, np.int64(lines), np.int64(n), np.int64(inner)))
    return out


def _scatter(kernel: Callable[..., Any], target: Any, index: tuple[Any, ...], values: Any) -> None:
    places = cupy.arange(target.size).reshape(target.shape)[index]
    count = int(places.size)
    if not count:
        return
    values = cupy.broadcast_to(values, places.shape).astype(target.dtype).reshape(-1)
    places = places.reshape(-1)
    order = cupy.argsort(places)
    whole = target if target.flags.c_contiguous else cupy.ascontiguousarray(target)
    kernel(order, places[order], values, count, whole.reshape(-1), size=count)
    if whole is not target:
        target[...] = whole
