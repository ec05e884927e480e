"""`Tensor`: PyTorch's tensor, as a handle on a session.

In three steps: what it knows without asking (tensor_facts.py), its values and Python's protocols (tensor_values.py),
and here gradients and places. Methods that are ops come from the registry (methods.py).
"""

from __future__ import annotations

import builtins
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, overload

from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import ArgumentTypeError, DTypeError, GradientError
from teletensor_core.registry import OPS

from teletensor import backward as _backward
from teletensor import copying, dispatch, inference, intercepting, missing, printing, torch_function
from teletensor.arguments import a_tensor
from teletensor.device import DeviceLike
from teletensor.hooks import RemovableHandle, register, register_after
from teletensor.tensor_base import TensorBase
from teletensor.tensor_values import TensorValues

_GRAD_OF_NON_LEAF = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be "
    "populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf Tensor, "
    "use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure you access the "
    "leaf Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more information."
)
_T_OF_OTHERS = (
    "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will throw an "
    "error in a future release. Consider `x.mT` to transpose batches of matrices or "
    "`x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a tensor."
)

if TYPE_CHECKING:
    from typing import Self

    from teletensor.future import Future
    from teletensor.methods import TensorMethods
else:
    TensorMethods = object


class Tensor(TensorValues, TensorMethods):
    """A multi-dimensional array on some device, recorded by autograd. Made by `tensor`, `zeros`, `randn`, ..."""

    __slots__ = ()

    def __new__(cls, *args: Any, device: DeviceLike = None) -> Self:
        """Takes what `torch.Tensor(...)` takes: sizes or data, giving the default dtype."""
        from teletensor import factories

        made = factories.legacy_tensor(*args, device=device)
        out = object.__new__(cls)
        out._take(made)
        return out

    def __init_subclass__(cls, **options: Any) -> None:
        """A class whose tensors may want to do calls themselves: functions ask from now on."""
        super().__init_subclass__(**options)
        cls._is_ours = cls.__module__.startswith("teletensor.")
        if torch_function.overrides(cls):
            intercepting.install()

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Asked in the place of a call with a tensor of a subclass: here, its result as a tensor of that class.

        `types` are the classes that are asked. NotImplemented where one of them has nothing to do with this.
        """
        return torch_function.wrapped(cls, func, types, args, kwargs)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            raise missing.of_object(self, "Tensor", name)

    @classmethod
    def _make_subclass(cls, tensor_class: type[Any], data: Tensor, require_grad: bool = False) -> Any:
        """A new leaf of another class that shares the memory of `data`."""
        out: Any = object.__new__(tensor_class)
        with torch_function.DisableTorchFunction():
            out._take(data.detach())
            if require_grad:
                out.requires_grad_(True)
        return out

    def as_subclass(self, cls: type[Any]) -> Any:
        """This tensor as one of a subclass: the same memory and the same place in the graph."""
        if not (isinstance(cls, builtins.type) and issubclass(cls, Tensor)):
            raise ArgumentTypeError(
                "Creating a Tensor subclass from a class that does not inherit from Tensor is not possible. Make sure "
                "your class inherits from Tensor."
            )
        made: Any = dispatch.apply(OPS["alias"], (self,), ())
        made.__class__ = cls
        return made

    def __repr__(self) -> str:
        return printing.tensor_repr(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        return copying.deepcopy(self, memo)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return copying.reduce(self)

    # -- other ways to look at it --------------------------------------------------------------------------------------

    @property
    def T(self) -> Tensor:
        """The transpose of a matrix; the dimensions of others in reverse order, with a warning."""
        if self.ndim != 2:
            warnings.warn(_T_OF_OTHERS, stacklevel=2)
        return dispatch.apply(OPS["permute"], (self,), (tuple(reversed(range(self.ndim))),))

    @property
    def mT(self) -> Tensor:
        """The last two dimensions exchanged."""
        if self.ndim < 2:
            raise GradientError(
                f"tensor.mT is only supported on matrices or batches of matrices. Got {self.ndim}-D tensor."
            )
        return dispatch.apply(OPS["transpose"], (self,), (-2, -1))

    @property
    def H(self) -> Tensor:
        """The conjugate transpose of a matrix."""
        if self.ndim != 2:
            raise GradientError(f"tensor.H is only supported on matrices (2-D tensors). Got {self.ndim}-D tensor.")
        return self.mH

    @property
    def mH(self) -> Tensor:
        """The last two dimensions exchanged, and complex numbers conjugated."""
        swapped = self.mT
        return dispatch.apply(OPS["conj"], (swapped,), ()) if self.is_complex() else swapped

    @property
    def real(self) -> Tensor:
        """The real parts, sharing memory; of a real dtype the tensor itself. Assigning writes them."""
        return dispatch.apply(OPS["real"], (self,), ()) if self.is_complex() else self

    @real.setter
    def real(self, value: Any) -> None:
        self.real[...] = value

    @property
    def imag(self) -> Tensor:
        """The imaginary parts of complex numbers, sharing memory. Assigning writes them."""
        if not self.is_complex():
            raise DTypeError("imag is not implemented for tensors with non-complex dtypes.")
        return dispatch.apply(OPS["imag"], (self,), ())

    @imag.setter
    def imag(self, value: Any) -> None:
        self.imag[...] = value

    # -- gradients -----------------------------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow into this tensor. Only a leaf's can be set."""
        return self._edge()[0] is not None

    @requires_grad.setter
    def requires_grad(self, required: bool) -> None:
        if not isinstance(required, bool):
            raise GradientError("requires_grad must be a bool")
        self.requires_grad_(required)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """This tensor, from now on a leaf that collects gradients (or no longer)."""
        if not isinstance(requires_grad, bool):
            raise ArgumentTypeError(
                "requires_grad_(): argument 'requires_grad' (position 1) must be bool, not "
                f"{type(requires_grad).__name__}"
            )
        if not self.is_leaf:
            if requires_grad:
                return self
            raise GradientError(
                "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in "
                "a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
            )
        if requires_grad and self._spec.dtype.category < dtypes.FLOAT:
            raise DTypeError(
                f"only Tensors of floating point dtype can require gradients, or complex, got {self._spec.dtype.title}"
            )
        if requires_grad:
            inference.check_required(self)
        if bool(requires_grad) != self._requires:
            self._requires = bool(requires_grad)
            self._session.require_grad(self._ref, self._requires)
        return self

    @property
    def grad(self) -> Tensor | None:
        """The gradient collected by `backward`, or None."""
        grad: Tensor | None = self._grad
        if grad is None and self._node is not None and not self.retains_grad:
            warnings.warn(_GRAD_OF_NON_LEAF, stacklevel=2)
        return grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            self._check_grad(value)
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    def _check_grad(self, value: Any) -> None:
        if not isinstance(value, Tensor):
            raise ArgumentTypeError(
                f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}"
            )
        if value is self:
            raise GradientError("can't assign Variable as its own grad")
        if value._spec.shape != self._spec.shape:
            raise GradientError(
                f"attempting to assign a gradient of size '{list(value.shape)}' to a tensor of size "
                f"'{list(self.shape)}'. Please ensure that the gradient and the tensor are the same size"
            )
        if value._spec.dtype is not self._spec.dtype:
            raise GradientError(
                f"attempting to assign a gradient with dtype '{value.dtype.title}' to a tensor with dtype "
                f"'{self.dtype.title}'. Please ensure that the gradient and the tensor have the same dtype"
            )
        if value._session is not self._session:
            raise GradientError(f"attempting to assign a gradient on {value.device} to a tensor on {self.device}")

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        """Add the gradient of this tensor to `.grad` of every leaf it was made from (or of `inputs`). One command."""
        _backward.backward(self, gradient, retain_graph, create_graph, inputs)

    def retain_grad(self) -> None:
        """Keep this non-leaf tensor's gradient in `.grad` too."""
        if not self.requires_grad:
            raise GradientError("can't retain_grad on Tensor that has requires_grad=False")
        _backward.retain(self)

    @property
    def retains_grad(self) -> bool:
        """Whether `retain_grad` was called on this non-leaf tensor."""
        node = self._node
        return node is not None and node.retained is not None and self._index in node.retained

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Run `hook` on this tensor's gradient in every backward; what it returns, if anything, replaces it."""
        return register(self, hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> RemovableHandle:
        """Run `hook` on this leaf after each backward has added to its `.grad`."""
        return register_after(self, hook)

    def detach_(self) -> Tensor:
        """This tensor, cut off from the graph."""
        self._session.detach_(self._ref)
        self._node, self._requires, self._base = None, False, None
        return self

    @property
    def data(self) -> Tensor:
        """The same memory, whose writes autograd does not notice. Assigning makes this tensor refer to other memory."""
        return dispatch.apply(OPS["data"], (self,), ())

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise ArgumentTypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        required = self._requires
        self._adopt(value.detach())
        self._node, self._base, self._requires = None, None, False
        if required:
            self.requires_grad_(True)

    # -- places and dtypes ---------------------------------------------------------------------------------------------

    def to(self, *args: Any, **kwargs: Any) -> Tensor:
        """This tensor on another device or with another dtype; itself when nothing changes.

        Takes a device, a dtype, both, or another tensor to be like; `non_blocking` and `copy`. With `non_blocking` a
        tensor on its way to cpu is given at once, and waited for when its values are used (one that gradients flow
        through is waited for here).
        """
        from teletensor import transfer

        return transfer.to(self, *args, **kwargs)

    def cpu(self, memory_format: Any = None) -> Tensor:
        """This tensor in this process. Waits once when it is elsewhere."""
        return self.to("cpu")

    @overload
    def to_host(self, *, non_blocking: Literal[False] = False) -> Tensor: ...
    @overload
    def to_host(self, *, non_blocking: Literal[True]) -> Future[Tensor]: ...
    def to_host(self, *, non_blocking: bool = False) -> Tensor | Future[Tensor]:
        """A copy in this process, outside autograd. With `non_blocking` a `Future` of it, and nothing waits.

        `teletensor.to_host` takes several tensors.
        """
        from teletensor.to_host import to_host

        return to_host(self, non_blocking=non_blocking)  # type: ignore[no-any-return, call-overload]

    def cuda(self, device: DeviceLike = None, non_blocking: bool = False, memory_format: Any = None) -> Tensor:
        """This tensor on a worker's GPU."""
        return self.to("cuda" if device is None else device)

    def pin_memory(self, device: DeviceLike = None) -> Tensor:
        """This tensor: host memory needs no pinning here, uploads are asynchronous anyway."""
        return self

    def type(self, dtype: DType | type[Any] | str | None = None, non_blocking: bool = False) -> Any:
        """The name of this tensor's legacy class ("torch.FloatTensor"), or this tensor with another dtype or class."""
        from teletensor import legacy

        return legacy.type_name(self) if dtype is None else legacy.as_type(self, dtype)

    def type_as(self, tensor: Tensor) -> Tensor:
        """This tensor with the dtype and in the place of another."""
        other = a_tensor(tensor, "type_as", "other")
        return self.to(other.device, other.dtype)


TensorBase._concrete = Tensor
