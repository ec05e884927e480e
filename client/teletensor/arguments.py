"""Arguments in the forms that PyTorch takes, as the plain ints, tuples and dtypes that ops take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import ArgumentTypeError

from teletensor.tensor_base import TensorBase

if TYPE_CHECKING:
    from teletensor.tensor import Tensor

_PYTHON_TYPES = {bool: dtypes.bool_, int: dtypes.int64, float: dtypes.float64, complex: dtypes.complex128}


def ints(value: Any) -> Any:
    """An int, a tuple of ints, or None: from anything that counts as an int, or a sequence of such.

    Raises ArgumentTypeError for anything else.
    """
    if value is None or type(value) is int:
        return value
    if hasattr(value, "__index__") and not (isinstance(value, TensorBase) and value._spec.shape):
        return value.__index__()
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ArgumentTypeError(f"expected an int or a sequence of ints, got {type(value).__name__}: {value!r}")
    return tuple(n if type(n) is int else _index(n) for n in value)


def a_tensor(value: Any, call: str, name: str, position: int = 1) -> Tensor:
    """A tensor, as it is. ArgumentTypeError for anything else: the argument of that name of a call."""
    if not isinstance(value, TensorBase):
        raise ArgumentTypeError(f"{call}(): argument '{name}' (position {position}) must be Tensor, not {_kind(value)}")
    return cast("Tensor", value)


def _kind(value: Any) -> str:
    return "Tensor" if isinstance(value, TensorBase) else type(value).__name__


def one_of(dim: Any, axis: Any) -> Any:
    """What was given of PyTorch's and NumPy's name for a dimension. ArgumentTypeError for neither."""
    if dim is None and axis is None:
        raise ArgumentTypeError("missing 1 required positional argument: 'dim'")
    return dim if axis is None else axis


def sizes(given: tuple[Any, ...]) -> tuple[int, ...]:
    """Sizes given one by one or as one sequence."""
    if len(given) == 1 and not isinstance(given[0], int) and isinstance(given[0], Iterable):
        scalar = isinstance(given[0], TensorBase) and not given[0]._spec.shape
        given = given if scalar or not hasattr(given[0], "__iter__") else tuple(given[0])
    return tuple(n if type(n) is int else _index(n) for n in given)


def given(one_by_one: tuple[Any, ...], by_name: Any) -> tuple[int, ...]:
    """Sizes given one by one, as one sequence, or by keyword. ArgumentTypeError for none, and for both."""
    if by_name is None:
        return sizes(one_by_one)
    if one_by_one:
        raise ArgumentTypeError("sizes were given twice: by position and by keyword")
    return sizes((by_name,))


def _index(n: Any) -> int:
    try:
        return int(n.__index__())
    except AttributeError:
        raise ArgumentTypeError(f"sizes and dimensions must be ints, got {type(n).__name__}: {n!r}") from None


def as_dtype(value: Any) -> DType | None:
    """A dtype, from one or from the Python type that stands for it (`float` for float64, as in PyTorch); None for None.

    Raises ArgumentTypeError for anything else.
    """
    if value is None or isinstance(value, DType):
        return value
    found = _PYTHON_TYPES.get(value) if isinstance(value, type) else None
    if found is None:
        raise ArgumentTypeError(f"dtype must be a teletensor dtype such as torch.float32, got {value!r}")
    return found
