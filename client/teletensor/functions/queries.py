"""Questions about tensors and dtypes, answered in Python."""

from __future__ import annotations

from typing import Any, TypeGuard

from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import ArgumentTypeError, DTypeError

from teletensor import factories, ops
from teletensor.arguments import a_tensor
from teletensor.storage import TypedStorage, UntypedStorage
from teletensor.tensor import Tensor

__all__ = [
    "allclose", "can_cast", "equal", "get_default_dtype", "is_complex", "is_conj", "is_floating_point",
    "is_inference", "is_neg", "is_nonzero", "is_signed", "is_storage", "is_tensor", "isreal", "numel", "promote_types",
    "result_type", "set_default_dtype",
]  # fmt: skip
METHODS = ("allclose", "equal", "is_nonzero", "isreal")


def is_tensor(obj: Any) -> TypeGuard[Tensor]:
    """Whether something is a tensor."""
    return isinstance(obj, Tensor)


def is_storage(obj: Any) -> bool:
    """Whether something is a storage: the memory of a tensor."""
    return isinstance(obj, (TypedStorage, UntypedStorage))


def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is a floating point one."""
    return input.is_floating_point()


def is_complex(input: Tensor) -> bool:
    """Whether the dtype is complex."""
    return input.is_complex()


def is_signed(input: Tensor) -> bool:
    """Whether the dtype has negative values."""
    return input.is_signed()


def is_conj(input: Tensor) -> bool:
    """Always False: conjugation is done at once, not noted down."""
    return False


def is_inference(input: Tensor) -> bool:
    """Whether a tensor was made in `inference_mode`."""
    return input.is_inference()


def is_neg(input: Tensor) -> bool:
    """Always False: negation is done at once, not noted down."""
    return False


def is_nonzero(input: Tensor) -> bool:
    """Whether the one element is not zero. Waits."""
    return bool(input)


def isreal(input: Tensor) -> Tensor:
    """Where the imaginary part is zero; everywhere for real dtypes."""
    return ops.eq(ops.imag(input), 0) if input.is_complex() else factories.ones_like(input, dtype=dtypes.bool_)


def numel(input: Tensor) -> int:
    """The number of elements."""
    return a_tensor(input, "numel", "input").numel()


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and elements. Waits once."""
    a_tensor(other, "equal", "other", 2)
    return input.shape == other.shape and bool(ops.all(ops.eq(input, other)))


def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether |input - other| <= atol + rtol * |other| everywhere. Waits once."""
    return bool(ops.all(ops.isclose(input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)))


# -- dtypes ------------------------------------------------------------------------------------------------------------


def result_type(tensor1: Any, tensor2: Any) -> DType:
    """The dtype that an op on the two computes in."""
    return dtypes.result_type([x._spec if isinstance(x, Tensor) else x for x in (tensor1, tensor2)])


def promote_types(type1: DType, type2: DType) -> DType:
    """The smallest dtype that holds both, by PyTorch's table."""
    return dtypes.promote_types(type1, type2)


def can_cast(from_: DType, to: DType) -> bool:
    """Whether PyTorch lets one dtype be written into another: never to a lower category."""
    return from_.category <= to.category


def get_default_dtype() -> DType:
    """The dtype of new floating point tensors, and of Python floats in promotion."""
    return dtypes.default_dtype()


def set_default_dtype(d: DType) -> None:
    """Make a floating point dtype the default for new tensors and for Python floats in promotion."""
    if not isinstance(d, DType) or not d.is_floating_point:
        raise ArgumentTypeError(f"only floating-point types are supported as the default type, got {d!r}")
    if d not in (dtypes.float32, dtypes.float64):
        raise DTypeError(f"the default dtype can be float32 or float64, not {d.name}")
    dtypes.set_default_dtype(d)
