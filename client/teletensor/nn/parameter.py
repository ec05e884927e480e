"""Tensors that a module registers when they are assigned to it."""

from typing import Any, ClassVar, Self

import teletensor as tt
from teletensor.tensor import Tensor
from teletensor.torch_function import disabled_torch_function


class Parameter(Tensor):
    """A tensor that is learned: it requires a gradient and becomes a parameter of its module.

    Shares its data with `data`, which may be left out for an empty tensor. RuntimeError if a
    gradient is wanted of a dtype that is neither floating point nor complex.
    """

    __torch_function__ = staticmethod(disabled_torch_function)

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Self:
        """A leaf on the memory of `data`."""
        data = tt.empty(0) if data is None else data
        parameter: Self = Tensor._make_subclass(cls, data, requires_grad)
        return parameter

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        if id(self) in memo:
            copied: Self = memo[id(self)]
            return copied
        copied = type(self)(self.data.clone(), self.requires_grad)
        memo[id(self)] = copied
        return copied


class Buffer(Tensor):
    """A tensor that belongs to a module's state without being learned.

    One that is not `persistent` is left out of the state dict.
    """

    __torch_function__ = staticmethod(disabled_torch_function)

    persistent: bool

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Self:
        """A leaf on the memory of `data`."""
        data = tt.empty(0) if data is None else data
        buffer: Self = Tensor._make_subclass(cls, data, data.requires_grad)
        buffer.persistent = persistent
        return buffer


_NO_SHAPE = (
    "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in `load_state_dict` "
    "when trying to load an uninitialized parameter into an initialized one. Call `forward` to initialize the "
    "parameters before accessing their attributes."
)


class UninitializedTensor(Tensor):
    """A tensor that has no shape yet; `materialize` gives it one, and makes it an ordinary one."""

    __torch_function__ = staticmethod(disabled_torch_function)
    _becomes: ClassVar[type[Tensor]]

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Take a shape; the values are whatever is in memory."""
        fresh = tt.empty(shape, device=self.device if device is None else device, dtype=dtype or self.dtype)
        self.data = fresh
        self.__class__ = self._becomes  # type: ignore[assignment]

    @property
    def shape(self) -> Any:
        """Not known yet: RuntimeError."""
        raise RuntimeError(_NO_SHAPE)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class UninitializedParameter(UninitializedTensor, Parameter):
    """A parameter without a shape."""

    _becomes = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Self:
        """One on a device, of a dtype."""
        made: Self = Tensor._make_subclass(cls, tt.empty(0, device=device, dtype=dtype), requires_grad)
        return made


class UninitializedBuffer(UninitializedTensor):
    """A buffer without a shape."""

    _becomes = Tensor
    persistent: bool

    def __new__(
        cls, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True
    ) -> Self:
        """One on a device, of a dtype."""
        made: Self = Tensor._make_subclass(cls, tt.empty(0, device=device, dtype=dtype), requires_grad)
        made.persistent = persistent
        return made


def is_lazy(param: Any) -> bool:
    """Whether a parameter or buffer has no shape yet."""
    return isinstance(param, UninitializedTensor)
