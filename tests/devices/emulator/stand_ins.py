"""In the place of CUDA libraries, by NumPy: sorting (Thrust), factorisations (cuSOLVER), transforms (cuFFT)."""

import ctypes
import inspect
import math
import types
from collections.abc import Callable
from typing import Any

import numpy as np

FACTORISATIONS = ("cholesky", "qr", "svd", "eig", "eigh", "eigvalsh", "inv", "pinv", "solve", "lstsq", "det", "slogdet")
TRANSFORMS = ("fftn", "ifftn", "rfftn", "irfftn")


def thrust() -> types.ModuleType:
    """A module like `cupy.cuda.thrust`."""
    module = types.ModuleType("cupy.cuda.thrust")
    module.available = True
    module.get_build_version = lambda: 300102
    module.sort, module.argsort, module.lexsort = _sort, _argsort, _lexsort
    return module


def _memory(dtype: Any, pointer: int, shape: tuple[int, ...]) -> np.ndarray:
    """An array on emulated device memory."""
    dtype = np.dtype(dtype)
    raw = (ctypes.c_char * (math.prod(shape) * dtype.itemsize)).from_address(pointer)
    return np.frombuffer(raw, dtype).reshape(shape)


def _refuse_capture() -> None:
    """Fail on a stream that is capturing: what is done here is done now, and not when a graph is launched."""
    import cupy

    stream = cupy.cuda.get_current_stream()
    if stream.is_capturing():
        # As Thrust, which waits for its stream.
        stream.synchronize()


def _sort(dtype: Any, data: int, keys: int, shape: Any) -> None:
    _refuse_capture()
    values = _memory(dtype, data, tuple(shape))
    values[...] = np.take_along_axis(values, _order(values), -1)


def _argsort(dtype: Any, index: int, data: int, keys: int, shape: Any) -> None:
    _refuse_capture()
    values = _memory(dtype, data, tuple(shape))
    order = _order(values)
    _memory(np.intp, index, tuple(shape))[...] = order
    values[...] = np.take_along_axis(values, order, -1)


def _order(values: np.ndarray) -> np.ndarray:
    """As Thrust's radix sort of one row orders floating point numbers: by bits, a NaN with its sign set comes first."""
    if values.ndim == 1 and values.dtype.kind == "f":
        negative_nan = np.isnan(values) & np.signbit(values)
        return np.lexsort((values, ~negative_nan))
    return np.argsort(values, axis=-1, kind="stable")


def _lexsort(dtype: Any, index: int, keys: int, k: int, n: int) -> None:
    _refuse_capture()
    _memory(np.intp, index, (n,))[...] = np.lexsort(_memory(dtype, keys, (k, n)))


def install_linalg(cupy: Any) -> None:
    """Have `cupy.linalg`'s factorisations done by NumPy, with CuPy's signatures and its refusals."""
    for name in FACTORISATIONS:
        setattr(cupy.linalg, name, _delegated(cupy, name))


def _delegated(cupy: Any, name: str) -> Callable[..., Any]:
    signature = inspect.signature(getattr(cupy.linalg, name))

    def to_host(x: Any) -> Any:
        return x.get() if isinstance(x, cupy.ndarray) else x

    def to_device(x: Any) -> Any:
        if isinstance(x, tuple):
            return type(x)(*map(to_device, x)) if hasattr(x, "_fields") else tuple(map(to_device, x))
        return cupy.asarray(x)

    def function(*operands: Any, **attributes: Any) -> Any:
        _refuse_capture()
        bound = signature.bind(*operands, **attributes)
        for x in bound.args:
            if isinstance(x, np.ndarray) and x.ndim:
                raise TypeError("Unsupported type <class 'numpy.ndarray'>")
            if isinstance(x, cupy.ndarray) and x.dtype.char not in "fdFD":
                raise TypeError(f"array type {x.dtype} is unsupported in linalg")
        keywords = {key: to_host(value) for key, value in bound.kwargs.items()}
        result = getattr(np.linalg, name)(*map(to_host, bound.args), **keywords)
        return to_device(result)

    function.__name__, function.__signature__ = name, signature  # type: ignore[attr-defined]
    return function


def install_fft(cupy: Any) -> None:
    """Have `cupy.fft`'s transforms done by NumPy, with CuPy's signatures; nobody waits for them, as for cuFFT's."""
    for name in TRANSFORMS:
        setattr(cupy.fft, name, _transform(cupy, name))


def _transform(cupy: Any, name: str) -> Callable[..., Any]:
    signature = inspect.signature(getattr(cupy.fft, name))

    def function(*operands: Any, **attributes: Any) -> Any:
        _refuse_capture()
        given = dict(signature.bind(*operands, **attributes).arguments)
        dense = cupy.ascontiguousarray(given.pop("a"))
        result = getattr(np.fft, name)(_memory(dense.dtype, dense.data.ptr, dense.shape), **given)
        out = cupy.empty(result.shape, result.dtype)
        _memory(out.dtype, out.data.ptr, out.shape)[...] = result
        return out

    function.__name__, function.__signature__ = name, signature  # type: ignore[attr-defined]
    return function
