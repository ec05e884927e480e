"""Values on their way: asked for without waiting, waited for when they are used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from teletensor_core.spec import spec

from teletensor import sessions
from teletensor.session import Arriving
from teletensor.tensor import Tensor
from teletensor.tensor_base import TensorBase
from teletensor.torch_function import disabled_torch_function

T_co = TypeVar("T_co", covariant=True)


class Future(Generic[T_co]):
    """A value on its way from where a tensor is, as the tensor was when it was asked for.

    Using it waits if it has to: `result()`, `float(f)`, `f"{f:.3f}"`, `print(f)`. Each of them raises the error that
    took the value's place, which names the line that caused it.
    """

    __slots__ = ("_arriving", "_make")

    def __init__(self, arriving: Arriving, make: Callable[[Any], T_co]) -> None:
        self._arriving = arriving
        self._make = make

    def done(self) -> bool:
        """Whether the value, or an error in its place, is here."""
        return self._arriving.done()

    def result(self) -> T_co:
        """The value. Waits for it; raises the error that took its place."""
        return self._make(self._arriving.array())

    def __int__(self) -> int:
        return int(self.result())  # type: ignore[call-overload, no-any-return]

    def __float__(self) -> float:
        return float(self.result())  # type: ignore[arg-type]

    def __complex__(self) -> complex:
        return complex(self.result())  # type: ignore[call-overload, no-any-return]

    def __bool__(self) -> bool:
        return bool(self.result())

    def __repr__(self) -> str:
        return repr(self.result())

    def __format__(self, form: str) -> str:
        return format(self.result(), form)


class ArrivingTensor(Tensor):
    """A tensor of this process whose values are on their way: a plain Tensor as soon as they are used.

    Its sizes and dtype are known. Using its values waits, and raises the error that took their place.
    """

    __torch_function__ = staticmethod(disabled_torch_function)

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name != "_ref":
            return super().__getattr__(name)  # type: ignore[misc]
        arriving: Arriving | None = self.__dict__.get("_arriving")
        if arriving is not None:
            self._ref = sessions.local().share(arriving.array(), self._spec)
            self.__dict__.pop("_arriving", None)
            self.__class__ = Tensor  # type: ignore[assignment]
        return object.__getattribute__(self, "_ref")

    def __del__(self) -> None:
        # This process frees values by itself, and nobody will wait for these any more.
        pass


def arriving_tensor(arriving: Arriving, like: TensorBase) -> Tensor:
    """A tensor of this process with the values that arrive; `like` has its sizes and dtype."""
    out = object.__new__(ArrivingTensor)
    out.__dict__["_arriving"] = arriving
    out._session = sessions.local()
    out._spec = spec(like._spec.shape, like._spec.dtype)
    out._requires, out._node, out._index, out._base = False, None, 0, None
    return out
