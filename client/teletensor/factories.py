"""Functions that make tensors: from data, from a fill value, from a range, at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ml_dtypes
import numpy as np
from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import ArgumentError, ArgumentTypeError, ShapeError
from teletensor_core.spec import spec

from teletensor import ops, sessions
from teletensor.random import Generator, draw
from teletensor.tensor import Tensor
from teletensor.tensor_base import TensorBase, new


def tensor(
    data: Any, *, dtype: DType | None = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """A new leaf with a copy of `data`: numbers, nested sequences, NumPy arrays or tensors.

    Python floats give the default dtype, ints int64, bools bool. Raises ArgumentError for ragged sequences.
    """
    array, dtype = _as_array(data, dtype)
    return _finish(_upload(array, dtype, device), requires_grad)


def as_tensor(data: Any, dtype: DType | None = None, device: Any = None) -> Tensor:
    """`data` as a tensor, without a copy where that is possible."""
    if isinstance(data, Tensor):
        return data.to(device=device, dtype=dtype)
    session = sessions.resolve(device)
    if isinstance(data, np.ndarray) and session.device.type == "cpu" and dtype in (None, _dtype_of(data)):
        return from_numpy(data)
    return tensor(data, dtype=dtype, device=device)


def from_numpy(ndarray: np.ndarray[Any, Any]) -> Tensor:
    """A cpu tensor that shares the array's memory. Raises ArgumentTypeError for dtypes PyTorch does not have."""
    if not isinstance(ndarray, np.ndarray):
        raise ArgumentTypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    if any(stride < 0 for stride in ndarray.strides):
        raise ArgumentError("At least one stride in the given numpy array is negative; copy it first, array.copy()")
    session, dtype = sessions.local(), _dtype_of(ndarray)
    strides = tuple(stride // max(ndarray.itemsize, 1) for stride in ndarray.strides)
    wanted = spec(ndarray.shape, dtype, strides)
    made: Tensor = new(session.share(ndarray, wanted), wanted, session)
    return made


def legacy_tensor(*args: Any, dtype: DType | None = None, device: Any = None) -> Tensor:
    """What `Tensor(...)` and `FloatTensor(...)` make: from sizes (uninitialised) or from data."""
    dtype = dtype or dtypes.default_dtype()
    if len(args) == 1 and not isinstance(args[0], int):
        if isinstance(args[0], tuple) and type(args[0]) is not tuple:
            return empty(args[0], dtype=dtype, device=device)
        return tensor(args[0], dtype=dtype, device=device)
    return empty(*args, dtype=dtype, device=device) if args else empty(0, dtype=dtype, device=device)


# -- filled -----------------------------------------------------------------------------------------------------------


def zeros(
    *size: Any, dtype: DType | None = None, device: Any = None, requires_grad: bool = False, **layout: Any
) -> Tensor:
    """Zeros of the given sizes, in the default dtype unless told otherwise."""
    made = ops.zeros(shape=_size(size, layout), dtype=_floating(dtype), session=sessions.resolve(device))
    return _finish(made, requires_grad)


def ones(
    *size: Any, dtype: DType | None = None, device: Any = None, requires_grad: bool = False, **layout: Any
) -> Tensor:
    """Ones of the given sizes, in the default dtype unless told otherwise."""
    made = ops.ones(shape=_size(size, layout), dtype=_floating(dtype), session=sessions.resolve(device))
    return _finish(made, requires_grad)


def empty(
    *size: Any, dtype: DType | None = None, device: Any = None, requires_grad: bool = False, **layout: Any
) -> Tensor:
    """A tensor of the given sizes whose values are whatever is in memory."""
    made = ops.empty(shape=_size(size, layout), dtype=_floating(dtype), session=sessions.resolve(device))
    return _finish(made, requires_grad)


def full(
    size: Any,
    fill_value: Any,
    *,
    dtype: DType | None = None,
    device: Any = None,
    requires_grad: bool = False,
    **layout: Any,
) -> Tensor:
    """A tensor of the given sizes filled with one number, whose type gives the dtype unless told otherwise."""
    value = fill_value.item() if isinstance(fill_value, TensorBase) else fill_value  # type: ignore[attr-defined]
    wanted = dtype or dtypes.dtype_of_number(value)
    made = ops.full(value, shape=_size((size,), layout), dtype=wanted, session=sessions.resolve(device))
    return _finish(made, requires_grad)


def zeros_like(
    input: Tensor, *, dtype: DType | None = None, device: Any = None, requires_grad: bool = False, **_: Any
) -> Tensor:
    """Zeros of another tensor's shape, dtype and place."""
    return zeros(input.shape, dtype=dtype or input.dtype, device=_place(input, device), requires_grad=requires_grad)


def ones_like(
    input: Tensor, *, dtype: DType | None = None, device: Any = None, requires_grad: bool = False, **_: Any
) -> Tensor:
    """Ones of another tensor's shape, dtype and place."""
    return ones(input.shape, dtype=dtype or input.dtype, device=_place(input, device), requires_grad=requires_grad)


def empty_like(
    input: Tensor, *, dtype: DType | None = None, device: Any = None, requires_grad: bool = False, **_: Any
) -> Tensor:
    """An uninitialised tensor of another's shape, dtype and place."""
    return empty(input.shape, dtype=dtype or input.dtype, device=_place(input, device), requires_grad=requires_grad)


def full_like(
    input: Tensor,
    fill_value: Any,
    *,
    dtype: DType | None = None,
    device: Any = None,
    requires_grad: bool = False,
    **_: Any,
) -> Tensor:
    """One number in another tensor's shape, dtype and place."""
    place = _place(input, device)
    return full(input.shape, fill_value, dtype=dtype or input.dtype, device=place, requires_grad=requires_grad)


def eye(
    n: int, m: int | None = None, *, dtype: DType | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Ones on the diagonal of an n by m matrix, zeros elsewhere."""
    made = ops.eye(n=n, m=n if m is None else m, dtype=_floating(dtype), session=sessions.resolve(device))
    return _finish(made, requires_grad)


# -- ranges -----------------------------------------------------------------------------------------------------------


def arange(
    start: Any,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: DType | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Numbers from `start` (0) up to, not including, `end`, `step` apart: int64 for integers, else the default dtype."""
    start, end, step = (_number(x) for x in ((0, start, step) if end is None else (start, end, step)))
    if dtype is None:
        dtype = dtypes.int64 if all(isinstance(x, int) for x in (start, end, step)) else dtypes.default_dtype()
    made = ops.arange(start=start, end=end, step=step, dtype=dtype, session=sessions.resolve(device))
    return _finish(made, requires_grad)


def linspace(
    start: Any, end: Any, steps: int, *, dtype: DType | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`steps` numbers evenly spread from `start` to `end`, both included."""
    place = sessions.resolve(device)
    made = ops.linspace(start=_number(start), end=_number(end), steps=steps, dtype=_floating(dtype), session=place)
    return _finish(made, requires_grad)


def logspace(
    start: Any, end: Any, steps: int, base: float = 10.0, *, dtype: DType | None = None, device: Any = None
) -> Tensor:
    """`base` to the power of `steps` numbers evenly spread from `start` to `end`."""
    place = sessions.resolve(device)
    return ops.logspace(
        start=_number(start), end=_number(end), steps=steps, base=base, dtype=_floating(dtype), session=place
    )


# -- random -----------------------------------------------------------------------------------------------------------


def rand(*size: Any, generator: Generator | None = None, dtype: DType | None = None, device: Any = None,
         requires_grad: bool = False, **layout: Any) -> Tensor:  # fmt: skip
    """Uniform numbers in [0, 1)."""
    shape, wanted = _size(size, layout), _floating(dtype)
    made = ops.rand(*_draw(generator, shape), shape=shape, dtype=wanted, session=sessions.resolve(device))
    return _finish(made, requires_grad)


def randn(*size: Any, generator: Generator | None = None, dtype: DType | None = None, device: Any = None,
          requires_grad: bool = False, **layout: Any) -> Tensor:  # fmt: skip
    """Standard normal numbers."""
    shape, wanted = _size(size, layout), _floating(dtype)
    made = ops.randn(*_draw(generator, shape), shape=shape, dtype=wanted, session=sessions.resolve(device))
    return _finish(made, requires_grad)


def randint(low: int, high: Any = None, size: Any = None, *, generator: Generator | None = None,
            dtype: DType | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:  # fmt: skip
    """Integers from `low` (0) up to, not including, `high`; int64 unless told otherwise."""
    if size is None:
        low, high, size = 0, low, high
    if high <= low:
        raise ShapeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    shape = _size((size,), {})
    place, wanted = sessions.resolve(device), dtype or dtypes.int64
    made = ops.randint(*_draw(generator, shape), low=int(low), high=int(high), shape=shape, dtype=wanted, session=place)
    return _finish(made, requires_grad)


def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The integers below `n` in random order."""
    made = ops.randperm(*_draw(generator, (n,)), n=n, dtype=dtype or dtypes.int64, session=sessions.resolve(device))
    return _finish(made, requires_grad)


def rand_like(input: Tensor, *, dtype: DType | None = None, device: Any = None, **options: Any) -> Tensor:
    """Uniform numbers in [0, 1), in another tensor's shape, dtype and place."""
    return rand(input.shape, dtype=dtype or input.dtype, device=_place(input, device), **options)


def randn_like(input: Tensor, *, dtype: DType | None = None, device: Any = None, **options: Any) -> Tensor:
    """Standard normal numbers, in another tensor's shape, dtype and place."""
    return randn(input.shape, dtype=dtype or input.dtype, device=_place(input, device), **options)


def randint_like(
    input: Tensor, low: int, high: int | None = None, *, dtype: DType | None = None, device: Any = None
) -> Tensor:
    """Integers from `low` (0) up to `high`, in another tensor's shape, dtype and place."""
    bounds = (0, low) if high is None else (low, high)
    return randint(*bounds, tuple(input.shape), dtype=dtype or input.dtype, device=_place(input, device))


# -- shared -----------------------------------------------------------------------------------------------------------


def _draw(generator: Generator | None, shape: Sequence[int]) -> tuple[int, int]:
    count = 1
    for n in shape:
        count *= n
    return draw(generator, count)


def _finish(made: Any, requires_grad: bool) -> Tensor:
    out: Tensor = made
    return out.requires_grad_(True) if requires_grad else out


def _floating(dtype: DType | None) -> DType:
    if dtype is not None and not isinstance(dtype, DType):
        raise ArgumentTypeError(f"dtype must be a teletensor dtype such as torch.float32, got {dtype!r}")
    return dtype or dtypes.default_dtype()


def _place(input: Tensor, device: Any) -> Any:
    return input.device if device is None else device


def _number(x: Any) -> Any:
    return x.item() if hasattr(x, "item") else x


def _size(size: tuple[Any, ...], layout: dict[str, Any]) -> tuple[int, ...]:
    """Sizes given one by one, as one sequence, or as `size=`."""
    unknown = set(layout) - {"layout", "pin_memory", "memory_format", "out", "size", "names"}
    if unknown:
        raise ArgumentTypeError(f"unexpected keyword arguments {sorted(unknown)}")
    if "size" in layout:
        size = (layout["size"],)
    if len(size) == 1 and not isinstance(size[0], (int, np.integer, TensorBase)):
        size = tuple(size[0])
    shape = tuple(n if type(n) is int else n.__index__() for n in size)
    for n in shape:
        if n < 0:
            raise ShapeError(f"Trying to create tensor with negative dimension {n}: {list(shape)}")
    return shape


def _upload(array: np.ndarray[Any, Any], dtype: DType, device: Any) -> Tensor:
    session, wanted = sessions.resolve(device), spec(array.shape, dtype)
    made: Tensor = new(session.upload(array, wanted), wanted, session)
    return made


def _as_array(data: Any, dtype: DType | None) -> tuple[np.ndarray[Any, Any], DType]:
    """The data as a host array of the right dtype."""
    if isinstance(data, TensorBase):
        source: Any = data
        have: DType = source.dtype
        return _converted(source.detach().cpu().numpy(), dtype or have), dtype or have
    if isinstance(data, np.ndarray) or isinstance(data, np.generic):
        array = np.asarray(data)
        wanted = dtype or _dtype_of(array)
        return _converted(array, wanted), wanted
    array = _from_sequence(data)
    wanted = dtype or _inferred(array)
    return _converted(array, wanted), wanted


def _from_sequence(data: Any) -> np.ndarray[Any, Any]:
    data = _fetched(data)
    try:
        array = np.array(data)
    except ValueError as error:
        raise ArgumentError(f"expected sequences of equal length at every depth: {error}") from None
    if array.dtype.kind not in "biufc" and array.dtype != ml_dtypes.bfloat16:
        if array.size == 0:
            return array.astype(np.float64)
        raise ArgumentTypeError(f"cannot make a tensor from {type(data).__name__} holding {array.dtype} elements")
    return array


def _fetched(data: Any) -> Any:
    """Sequences with the tensors in them replaced by their values."""
    if isinstance(data, TensorBase):
        return data.detach().cpu().numpy()  # type: ignore[attr-defined]
    if isinstance(data, (list, tuple)) and any(isinstance(x, (TensorBase, list, tuple)) for x in data):
        return [_fetched(x) for x in data]
    return data


def _inferred(array: np.ndarray[Any, Any]) -> DType:
    kind = array.dtype.kind
    if kind == "f" and array.dtype == np.float64:
        return dtypes.default_dtype()
    if kind == "c":
        return dtypes.default_dtype().to_complex()
    return dtypes.int64 if kind in "iu" else dtypes.bool_ if kind == "b" else dtypes.BY_NP[array.dtype]


def _converted(array: np.ndarray[Any, Any], dtype: DType) -> np.ndarray[Any, Any]:
    with np.errstate(all="ignore"):
        return array.astype(dtype.np, copy=False)


def _dtype_of(array: np.ndarray[Any, Any]) -> DType:
    found = dtypes.BY_NP.get(array.dtype)
    if found is None:
        names = ", ".join(dtype.name for dtype in dtypes.ALL)
        raise ArgumentTypeError(f"can't convert np.ndarray of type {array.dtype}. The supported types are: {names}.")
    return found
