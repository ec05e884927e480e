"""Tensors from data that is in this process: numbers, nested sequences, NumPy arrays, other tensors."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import ArgumentError, ArgumentTypeError, DTypeError
from teletensor_core.kernels.casting import fitted
from teletensor_core.spec import spec

from teletensor import grad_mode, inference, sessions
from teletensor.arguments import as_dtype
from teletensor.tensor import Tensor
from teletensor.tensor_base import new, placed
from teletensor.types import DeviceLike
from teletensor.wire_dtype import narrower, widened

_COPY_WARNING = (
    "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
    "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor)."
)


def tensor(
    data: Any,
    *,
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A new leaf with a copy of `data`: a number, nested sequences of numbers, a NumPy array or a tensor.

    Python floats give the default dtype, ints int64, bools bool; NumPy's own numbers and arrays keep their dtype.
    Raises ArgumentError for sequences of unequal length, ArgumentTypeError and DTypeError for what is no number.
    """
    if isinstance(data, Tensor):
        warnings.warn(_COPY_WARNING, stacklevel=2)
        made = data.detach().to(device, as_dtype(dtype), copy=True)
    else:
        made = uploaded(data, as_dtype(dtype), device)
    return made.requires_grad_(True) if requires_grad else made


def as_tensor(data: Any, dtype: DType | None = None, device: DeviceLike = None) -> Tensor:
    """`data` as a tensor, without a copy where that is possible."""
    dtype = as_dtype(dtype)
    if isinstance(data, Tensor):
        return data.to(device, dtype)
    session = sessions.resolve(device)
    if isinstance(data, np.ndarray) and session is sessions.local() and dtype in (None, dtypes.BY_NP.get(data.dtype)):
        return from_numpy(data)
    return uploaded(data, dtype, device)


def asarray(
    obj: Any,
    *,
    dtype: DType | None = None,
    device: DeviceLike = None,
    copy: bool | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """`obj` as a tensor: always a copy with `copy=True`, never with `copy=False`, else where it is needed.

    Raises ArgumentError when `copy=False` cannot be kept.
    """
    made = as_tensor(obj, dtype, device)
    is_here = made._session is sessions.local()
    shared = made is obj or (isinstance(obj, np.ndarray) and is_here and made.dtype.np == obj.dtype)
    if copy is False and not shared:
        raise ArgumentError("can't alias arbitrary sequence, dtype or device: asarray(copy=False) needs a copy here")
    made = made.clone() if copy and shared else made
    return made.detach().requires_grad_(True) if requires_grad else made


def from_numpy(ndarray: np.ndarray[Any, Any]) -> Tensor:
    """A cpu tensor that shares the array's memory; a copy where `cpu` is a worker.

    Raises ArgumentTypeError for dtypes PyTorch does not have.
    """
    if not isinstance(ndarray, np.ndarray):
        raise ArgumentTypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    if not ndarray.dtype.isnative:
        raise ArgumentError("given numpy array has byte order different from the native byte order: convert it first")
    if any(stride < 0 for stride in ndarray.strides):
        raise ArgumentError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not "
            "supported. (You can probably work around this by making a copy of your array with array.copy().)"
        )
    dtype = _dtype_of(ndarray)
    if not ndarray.flags.writeable:
        warnings.warn("The given NumPy array is not writable: writing to the tensor will fail.", stacklevel=2)
    session = sessions.cpu()
    if session is not sessions.local():
        return uploaded(ndarray, dtype, "cpu")
    strides = tuple(stride // max(ndarray.itemsize, 1) for stride in ndarray.strides)
    wanted = spec(ndarray.shape, dtype, strides)
    index = inference.MADE if grad_mode.state.inference else 0
    made: Tensor = new(session.share(ndarray, wanted), wanted, session, index=index)
    return made


def frombuffer(buffer: Any, *, dtype: DType, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A cpu vector that shares the memory of an object with Python's buffer protocol."""
    wanted = as_dtype(dtype)
    assert wanted is not None, "frombuffer() needs a dtype"
    made = from_numpy(np.frombuffer(buffer, wanted.np, count, offset))
    return made.requires_grad_(True) if requires_grad else made


def legacy_tensor(*args: Any, dtype: DType | None = None, device: DeviceLike = None) -> Tensor:
    """What `Tensor(...)` and `FloatTensor(...)` make: from sizes (uninitialised) or from data."""
    from teletensor.factories.filled import empty

    dtype = dtype or dtypes.default_dtype()
    first = args[0] if len(args) == 1 else None
    if isinstance(first, Tensor):
        return first.to(device).detach() if first.dtype is dtype else first.detach().to(device, dtype)
    if isinstance(first, (bool, float, complex, str)):
        kind = "sequence" if not isinstance(first, str) else "sequence of numbers"
        raise ArgumentTypeError(f"new(): data must be a {kind} (got {type(first).__name__})")
    is_size = isinstance(first, tuple) and type(first) is not tuple
    if first is not None and not is_size and not isinstance(first, int):
        return uploaded(first, dtype, device)
    return empty(*(first if is_size else args) or (0,), dtype=dtype, device=device)


# -- data as an array of the right dtype -------------------------------------------------------------------------------


def uploaded(data: Any, dtype: DType | None, device: DeviceLike) -> Tensor:
    """A tensor with a copy of data that is no tensor itself."""
    array, wanted = _as_array(data, dtype)
    session, shape = sessions.resolve(device), spec(array.shape, wanted)
    narrow = narrower(shape, session)
    if narrow is not None:
        small = spec(array.shape, narrow)
        return widened(placed(_converted(array, narrow), small, session))
    made: Tensor = placed(array, shape, session)
    return made


def _as_array(data: Any, dtype: DType | None) -> tuple[np.ndarray[Any, Any], DType]:
    if isinstance(data, (np.ndarray, np.generic)):
        array = np.asarray(data)
        wanted = dtype or _dtype_of(array)
    elif isinstance(data, (bool, int, float, complex)):
        wanted = dtype or dtypes.dtype_of_number(data)
        array = _number(data, wanted)
    else:
        found = _inferred(data)
        wanted = dtype or found
        array = _from_sequence(data, dtypes.promote_types(found, wanted) if wanted.category > found.category else found)
        _check_fit(array, wanted)
    return _converted(array, wanted), wanted


def _number(value: complex, wanted: DType) -> np.ndarray[Any, Any]:
    if isinstance(value, int) and wanted.category <= dtypes.INTEGER and not -(1 << 63) <= value < 1 << 63:
        raise ArgumentError("Overflow when unpacking long long")
    array = np.array(value)
    _check_fit(array, wanted)
    return array


def _check_fit(array: np.ndarray[Any, Any], wanted: DType) -> None:
    """Raise for Python numbers that an integer or real dtype cannot hold."""
    if array.dtype.kind == "c" and dtypes.BOOL < wanted.category < dtypes.COMPLEX:
        raise ArgumentTypeError("must be real number, not complex")
    if wanted.category == dtypes.INTEGER and array.size and array.dtype.kind in "fi" and array.dtype != wanted.np:
        for extreme in (array.min(), array.max()):
            fitted(extreme.item(), wanted.np)


def _inferred(data: Any) -> DType:
    """The dtype of all leaves of nested sequences together, as PyTorch's infer_scalar_type."""
    found: DType | None = None
    for kind in _leaf_kinds(data, set()):
        have = kind if isinstance(kind, DType) else _dtype_of_kind(kind)
        found = have if found is None else dtypes.promote_types(found, have)
    return found or dtypes.default_dtype()


def _leaf_kinds(data: Any, kinds: set[Any]) -> set[Any]:
    if isinstance(data, (Tensor, np.ndarray)):
        kinds.add(data.dtype if isinstance(data, Tensor) else _dtype_of(data))
    elif isinstance(data, str):
        raise ArgumentTypeError("new(): invalid data type 'str'")
    elif isinstance(data, Sequence) or (
        hasattr(data, "__getitem__") and hasattr(data, "__len__") and not isinstance(data, dict)
    ):
        here = set(map(type, data))
        if here <= _NUMBERS:
            return kinds | here
        for i, item in enumerate(data):
            if isinstance(item, str):
                raise (
                    ArgumentTypeError("new(): invalid data type 'str'")
                    if i
                    else ArgumentError("too many dimensions 'str'")
                )
            kinds = _leaf_kinds(item, kinds)
    else:
        kinds.add(type(data))
    return kinds


_NUMBERS = frozenset((bool, int, float, complex))


def _dtype_of_kind(kind: type[Any]) -> DType:
    if issubclass(kind, np.generic):
        return _dtype_of(np.empty((), kind))
    for number in (bool, int, float, complex):
        if issubclass(kind, number):
            return dtypes.dtype_of_number(number)
    raise DTypeError(f"Could not infer dtype of {kind.__name__}")


def _from_sequence(data: Any, dtype: DType) -> np.ndarray[Any, Any]:
    """Nested sequences as an array wide enough for every element."""
    data = _fetched(data)
    wide = {dtypes.BOOL: np.bool_, dtypes.INTEGER: np.int64, dtypes.FLOAT: np.float64, dtypes.COMPLEX: np.complex128}
    try:
        return np.array(data, wide[dtype.category])
    except OverflowError:
        raise ArgumentError("Overflow when unpacking long long") from None
    except (ValueError, TypeError) as error:
        raise ArgumentError(
            _unequal(data, 0) or f"expected sequences of equal length at every depth: {error}"
        ) from None


def _unequal(data: Any, depth: int) -> str | None:
    """PyTorch's words for the first place where the lengths differ."""
    if not isinstance(data, (list, tuple)) or not data:
        return None
    first = data[0]
    for item in data:
        if isinstance(item, (list, tuple)) is not isinstance(first, (list, tuple)):
            raise ArgumentTypeError(
                f"a sequence of numbers, or of sequences, was expected; it mixes {type(first).__name__} and "
                f"{type(item).__name__}"
            )
        if isinstance(first, (list, tuple)) and len(item) != len(first):
            return f"expected sequence of length {len(first)} at dim {depth + 1} (got {len(item)})"
        found = _unequal(item, depth + 1)
        if found:
            return found
    return None


def _fetched(data: Any) -> Any:
    """Sequences with the tensors in them replaced by their values, each of one element."""
    if isinstance(data, Tensor):
        return data.detach()._number()
    if isinstance(data, (list, tuple)) and any(isinstance(x, (Tensor, list, tuple)) for x in data):
        return [_fetched(x) for x in data]
    return data


def _converted(array: np.ndarray[Any, Any], dtype: DType) -> np.ndarray[Any, Any]:
    if array.dtype == dtype.np:
        return array
    with np.errstate(all="ignore"):
        if dtypes.BOOL < dtype.category < dtypes.COMPLEX and array.dtype.kind == "c":
            array = array.real
        return array.astype(dtype.np, copy=False)


def _dtype_of(array: np.ndarray[Any, Any]) -> DType:
    found = dtypes.BY_NP.get(array.dtype) or dtypes.BY_NP.get(array.dtype.newbyteorder("="))
    if found is None:
        names = ", ".join(dtype.name for dtype in dtypes.ALL)
        raise ArgumentTypeError(
            f"can't convert np.ndarray of type {array.dtype}. The only supported types are: {names}."
        )
    return found
