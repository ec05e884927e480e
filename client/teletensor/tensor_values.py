"""A tensor's values in this process, and Python's protocols. Each reading waits once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from teletensor_core import dtypes
from teletensor_core.errors import ArgumentError, ArgumentTypeError, DeviceError, DTypeError, GradientError, ShapeError
from teletensor_core.registry import OPS

from teletensor import dispatch
from teletensor.tensor_facts import TensorFacts

if TYPE_CHECKING:
    from teletensor.future import Future
    from teletensor.tensor import Tensor
    from teletensor.types import Number


class TensorValues(TensorFacts):
    """Reading values, printing, iterating, copying."""

    __slots__ = ()

    # NumPy leaves operators on arrays to tensors.
    __array_priority__ = 1000

    def numpy(self, *, force: bool = False) -> np.ndarray[Any, Any]:
        """The values as an array. On cpu it shares memory, as in PyTorch; elsewhere `force=True` fetches a copy.

        Raises GradientError for a tensor that requires grad, ArgumentTypeError for one that is not on cpu, unless
        forced.
        """
        if not force:
            if self.requires_grad:
                raise GradientError(
                    "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
                )
            if self._session.device.type != "cpu":
                raise ArgumentTypeError(
                    f"can't convert {self._session.device} device type tensor to numpy. "
                    "Use Tensor.cpu() to copy the tensor to host memory first."
                )
        return self._fetch()

    def _fetch(self) -> np.ndarray[Any, Any]:
        return self._session.read([self._ref])[0]

    def item(self) -> Number:
        """The one element as a Python number. RuntimeError for any other number of elements."""
        self._check_one()
        return _only(self._fetch())

    def _check_one(self) -> None:
        if self._spec.numel != 1:
            raise ShapeError(f"a Tensor with {self._spec.numel} elements cannot be converted to Scalar")
        if self.is_meta:
            raise DeviceError("Tensor.item() cannot be called on meta tensors")

    def item_async(self) -> Future[Number]:
        """The one element, as it is now, on its way as a Python number: nothing waits until it is used.

        `float(f)`, `print(f)`, `f"{f:.3f}"` and `f.result()` wait if they have to, and raise the error that took the
        value's place. RuntimeError at once for any other number of elements.
        """
        from teletensor.future import Future

        self._check_one()
        (arriving,) = self._session.read_later([self._ref])
        return Future(arriving, _only)

    def tolist(self) -> Any:
        """The values as nested lists of Python numbers."""
        return _python(self._fetch())

    # -- NumPy ---------------------------------------------------------------------------------------------------------

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        array = self.numpy()
        if copy or (dtype is not None and array.dtype != dtype):
            return np.array(array, dtype=dtype)
        return array

    def __array_wrap__(self, array: np.ndarray[Any, Any], context: Any = None, return_scalar: bool = False) -> Tensor:
        """What NumPy's own functions make of tensors is a tensor."""
        from teletensor import factories

        return factories.from_numpy(np.asarray(array))

    # -- numbers -------------------------------------------------------------------------------------------------------

    def __bool__(self) -> bool:
        if self._spec.numel != 1:
            word = "no values" if self._spec.numel == 0 else "more than one value"
            raise ShapeError(f"Boolean value of Tensor with {word} is ambiguous")
        return bool(self.item())

    def _number(self) -> Any:
        if self._spec.numel != 1:
            raise ArgumentError("only one element tensors can be converted to Python scalars")
        return self.item()

    def __int__(self) -> int:
        return int(self._number())

    def __float__(self) -> float:
        return float(self._number())

    def __complex__(self) -> complex:
        return complex(self._number())

    def __index__(self) -> int:
        if self._spec.numel != 1 or self._spec.dtype.category > dtypes.INTEGER:
            raise ArgumentTypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    # -- text ----------------------------------------------------------------------------------------------------------

    def __format__(self, spec: str) -> str:
        is_number = self._spec.ndim == 0 and type(self) is self._concrete and not self.is_meta
        return format(self.item(), spec) if is_number else object.__format__(self, spec)

    # -- containers ----------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        if not self._spec.shape:
            raise ArgumentTypeError("len() of a 0-d tensor")
        return self._spec.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self._spec.shape:
            raise ArgumentTypeError("iteration over a 0-d tensor")
        return iter(cast("Tensor", self).unbind(0))

    def __reversed__(self) -> Tensor:
        """The elements of the first dimension in reverse order."""
        return dispatch.apply(OPS["flip"], (self,), ((0,) if self._spec.ndim else (),))

    def __contains__(self, element: Any) -> bool:
        from teletensor import ops

        if not isinstance(element, (TensorValues, int, float, complex, np.number, np.bool_)):
            raise DTypeError(
                f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}."
            )
        return bool(ops.any(ops.eq(self, element)))  # type: ignore[arg-type]

    def __hash__(self) -> int:
        return id(self)


def _only(array: np.ndarray[Any, Any]) -> Number:
    """The one element."""
    value: Number = _python(array.reshape(()))
    return value


def _python(array: np.ndarray[Any, Any]) -> Any:
    """Plain Python numbers; bfloat16 by way of float32."""
    return array.tolist() if array.dtype.isbuiltin else array.astype(np.float32).tolist()
