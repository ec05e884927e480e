"""`Tensor`: PyTorch's tensor, as a handle on a session.

Methods that are ops come from the registry (see surface.py); this file has what is not an op: places, values, gradients,
Python's protocols.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import ArgumentError, ArgumentTypeError, DimensionError, DTypeError, GradientError
from teletensor_core.registry import OPS

from teletensor import backward as _backward
from teletensor import dispatch, printing
from teletensor.device import Device
from teletensor.hooks import RemovableHandle, register, register_after
from teletensor.size import Size
from teletensor.tensor_base import TensorBase, new

if TYPE_CHECKING:
    from teletensor.graph import GradFn
    from teletensor.surface import TensorMethods
else:
    TensorMethods = object


class Tensor(TensorBase, TensorMethods):
    """A multi-dimensional array on some device, recorded by autograd. Made by `tensor`, `zeros`, `randn`, ..."""

    __slots__ = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Takes what `teletensor.Tensor(...)` takes in PyTorch: sizes or data, giving the default dtype."""
        from teletensor import factories

        made = factories.legacy_tensor(*args, **kwargs)
        _take(self, made)

    @classmethod
    def _make_subclass(cls, tensor_class: type[Any], data: Tensor, require_grad: bool = False) -> Any:
        """A new leaf of another class that shares the memory of `data`."""
        out: Any = object.__new__(tensor_class)
        _take(out, data.detach())
        if require_grad:
            out.requires_grad_(True)
        return out

    # -- what is known without asking -----------------------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        """The sizes."""
        return Size(self._spec.shape)

    @property
    def dtype(self) -> DType:
        """The element type."""
        return self._spec.dtype

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._spec.ndim

    @property
    def device(self) -> Device:
        """Where the elements are."""
        return self._session.device

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self._spec.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self._spec.nbytes

    @property
    def is_cuda(self) -> bool:
        """Whether the elements are on a GPU."""
        return self._session.device.type == "cuda"

    @property
    def grad_fn(self) -> GradFn | None:
        """The op that made this tensor, when it was recorded."""
        self._edge()
        return self._node

    @property
    def is_leaf(self) -> bool:
        """Whether this tensor is not the result of a recorded op."""
        self._edge()
        return self._node is None

    @property
    def output_nr(self) -> int:
        """Which of its op's results this tensor is."""
        return self._index

    @property
    def _version(self) -> int:
        """How often this tensor's memory was written to in place."""
        return self._writes if self._base is None else self._base._writes

    def dim(self) -> int:
        """The number of dimensions."""
        return self._spec.ndim

    ndimension = dim

    def numel(self) -> int:
        """The number of elements."""
        return self._spec.numel

    nelement = numel

    def element_size(self) -> int:
        """Bytes of one element."""
        return self._spec.dtype.itemsize

    def size(self, dim: int | None = None) -> Any:
        """All sizes, or one."""
        if dim is None:
            return self.shape
        from teletensor_core.rules import normalize_dim

        at = normalize_dim(dim, self._spec.ndim)
        if not self._spec.shape:
            raise DimensionError(f"Dimension specified as {dim} but tensor has no dimensions")
        return self._spec.shape[at]

    def stride(self, dim: int | None = None) -> Any:
        """All strides in elements, or one."""
        return self._spec.strides if dim is None else self._spec.strides[dim]

    def is_contiguous(self, memory_format: Any = None) -> bool:
        """Whether the elements are dense and row-major."""
        return self._spec.contiguous

    def is_floating_point(self) -> bool:
        """Whether the dtype is a floating point one."""
        return self._spec.dtype.is_floating_point

    def is_complex(self) -> bool:
        """Whether the dtype is complex."""
        return self._spec.dtype.is_complex

    def is_signed(self) -> bool:
        """Whether the dtype has negative values."""
        return self._spec.dtype.is_signed

    def get_device(self) -> int:
        """The GPU's number; -1 on cpu."""
        index = self._session.device.index
        return -1 if self._session.device.type == "cpu" else index or 0

    # -- values: each of these waits once ---------------------------------------------------------------------------------

    def numpy(self, *, force: bool = False) -> np.ndarray[Any, Any]:
        """The values as an array. On cpu it shares memory, as in PyTorch; elsewhere `force=True` fetches a copy.

        Raises GradientError for a tensor that requires grad, ArgumentTypeError for one that is not on cpu, unless forced.
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

    def item(self) -> Any:
        """The one element as a Python number. Raises for any other number of elements."""
        if self._spec.numel != 1:
            raise GradientError(f"a Tensor with {self._spec.numel} elements cannot be converted to Scalar")
        return _python(self._fetch().reshape(()))

    def tolist(self) -> Any:
        """The values as nested lists of Python numbers."""
        return _python(self._fetch())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        array = self.numpy()
        return np.array(array, dtype=dtype) if copy or (dtype is not None and dtype != array.dtype) else array

    def __bool__(self) -> bool:
        if self._spec.numel != 1:
            word = "no values" if self._spec.numel == 0 else "more than one value"
            raise GradientError(f"Boolean value of Tensor with {word} is ambiguous")
        return bool(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __index__(self) -> int:
        if self._spec.numel != 1 or self._spec.dtype.category > dtypes.INTEGER:
            raise ArgumentTypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if self._spec.ndim == 0 else object.__format__(self, spec)

    def __repr__(self) -> str:
        return printing.tensor_repr(self)

    # -- Python's protocols -----------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        if not self._spec.shape:
            raise ArgumentTypeError("len() of a 0-d tensor")
        return self._spec.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self._spec.shape:
            raise ArgumentTypeError("iteration over a 0-d tensor")
        return iter(dispatch.apply(OPS["unbind"], (self,), (0,)))

    def __hash__(self) -> int:
        return id(self)

    def __contains__(self, element: Any) -> bool:
        return bool((self == element).any())

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if not self.is_leaf:
            raise GradientError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment."
            )
        out = type(self)._make_subclass(type(self), self.detach().clone(), self.requires_grad)
        if self._grad is not None:
            out._grad = self._grad.__deepcopy__(memo)
        memo[id(self)] = out
        return out  # type: ignore[no-any-return]

    # -- gradients --------------------------------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow into this tensor. Only a leaf's can be set."""
        return self._edge()[0] is not None

    @requires_grad.setter
    def requires_grad(self, required: bool) -> None:
        self.requires_grad_(required)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """This tensor, from now on a leaf that collects gradients (or no longer)."""
        if not self.is_leaf:
            if requires_grad:
                return self
            raise GradientError(
                "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a "
                "subgraph that doesn't require differentiation use var_no_grad = var.detach()."
            )
        if requires_grad and self._spec.dtype.category < dtypes.FLOAT:
            raise DTypeError(
                f"only Tensors of floating point and complex dtype can require gradients, got {self._spec.dtype.name}"
            )
        if bool(requires_grad) != self._requires:
            self._requires = bool(requires_grad)
            self._session.require_grad(self._ref, self._requires)
        return self

    @property
    def grad(self) -> Tensor | None:
        """The gradient collected by `backward`, or None."""
        grad: Tensor | None = self._grad
        return grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise ArgumentTypeError(f"assigned grad expected to be a Tensor or None but got {type(value).__name__}")
            if value._spec.shape != self._spec.shape:
                raise GradientError(
                    f"assigned grad has data of a different size: {list(value.shape)} for a tensor of {list(self.shape)}"
                )
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

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
        """The same memory, outside autograd. Assigning makes this tensor refer to other memory."""
        return self.detach()

    @data.setter
    def data(self, value: Tensor) -> None:
        fresh = value.detach()
        required = self._requires
        self._session.release(self._ref) if type(self._ref) is int else None
        self._ref, self._spec, self._session = fresh._ref, fresh._spec, fresh._session
        fresh._ref = None
        self._base, self._requires = None, False
        if required:
            self.requires_grad_(True)

    # -- places and dtypes ------------------------------------------------------------------------------------------------

    def to(self, *args: Any, **kwargs: Any) -> Tensor:
        """This tensor on another device or with another dtype; itself when nothing changes.

        Takes a device, a dtype, both, or another tensor to be like; `non_blocking` and `copy`.
        """
        from teletensor import transfer

        return transfer.to(self, *args, **kwargs)

    def cpu(self, memory_format: Any = None) -> Tensor:
        """This tensor in this process. Waits once when it is elsewhere."""
        return self.to("cpu")

    def cuda(self, device: Any = None, non_blocking: bool = False) -> Tensor:
        """This tensor on a worker's GPU."""
        return self.to("cuda" if device is None else Device(device))

    def pin_memory(self, device: Any = None) -> Tensor:
        """This tensor: host memory needs no pinning here, uploads are asynchronous anyway."""
        return self

    def is_pinned(self) -> bool:
        """Always False: see `pin_memory`."""
        return False

    def new_tensor(self, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
        """A tensor with this data, of this tensor's dtype and place unless told otherwise."""
        from teletensor import factories

        return factories.tensor(
            data, dtype=dtype or self.dtype, device=device or self.device, requires_grad=requires_grad
        )


def _take(out: TensorBase, made: TensorBase) -> None:
    """Move a freshly made tensor's identity into `out`, an uninitialised one."""
    out._ref, out._spec, out._session = made._ref, made._spec, made._session
    made._ref = None
    out._requires, out._node, out._index, out._grad = False, None, 0, None
    out._base, out._epoch, out._writes = None, 0, 0


def _python(array: np.ndarray[Any, Any]) -> Any:
    """Plain Python numbers; bfloat16 by way of float32."""
    return array.tolist() if array.dtype.kind != "V" and array.dtype.isbuiltin else array.astype(np.float32).tolist()


TensorBase.concrete = Tensor
_ = (new, ArgumentError)
