"""What a tensor knows without asking its session: sizes, dtype, place, its part in the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from teletensor_core.dtypes import DType
from teletensor_core.errors import DimensionError, GradientError
from teletensor_core.rules import normalize_dim

from teletensor import storage as _storage
from teletensor.device import Device
from teletensor.layouts import layout, memory_format, strided
from teletensor.size import Size
from teletensor.tensor_base import TensorBase

if TYPE_CHECKING:
    from teletensor.graph import GradFn
    from teletensor.storage import TypedStorage, UntypedStorage


class TensorFacts(TensorBase):
    """Properties and methods that answer at once."""

    __slots__ = ()

    @property
    def shape(self) -> Size:
        """The sizes."""
        return Size(self._spec.shape)

    @overload
    def size(self, dim: None = None) -> Size: ...
    @overload
    def size(self, dim: int) -> int: ...
    def size(self, dim: int | None = None) -> Size | int:
        """All sizes, or one."""
        if dim is None:
            return Size(self._spec.shape)
        at = normalize_dim(dim, self._spec.ndim)
        if not self._spec.shape:
            raise DimensionError(f"Dimension specified as {dim} but tensor has no dimensions")
        return self._spec.shape[at]

    @overload
    def stride(self, dim: None = None) -> tuple[int, ...]: ...
    @overload
    def stride(self, dim: int) -> int: ...
    def stride(self, dim: int | None = None) -> tuple[int, ...] | int:
        """All strides in elements, or one."""
        return self._spec.strides if dim is None else self._spec.strides[normalize_dim(dim, self._spec.ndim)]

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._spec.ndim

    def dim(self) -> int:
        """The number of dimensions."""
        return self._spec.ndim

    ndimension = dim

    def numel(self) -> int:
        """The number of elements."""
        return self._spec.numel

    nelement = numel

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self._spec.dtype.itemsize

    def element_size(self) -> int:
        """Bytes of one element."""
        return self._spec.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self._spec.nbytes

    # -- dtype and layout ----------------------------------------------------------------------------------------------

    @property
    def dtype(self) -> DType:
        """The element type."""
        return self._spec.dtype

    def is_floating_point(self) -> bool:
        """Whether the dtype is a floating point one."""
        return self._spec.dtype.is_floating_point

    def is_complex(self) -> bool:
        """Whether the dtype is complex."""
        return self._spec.dtype.is_complex

    def is_signed(self) -> bool:
        """Whether the dtype has negative values."""
        return self._spec.dtype.is_signed

    def is_conj(self) -> bool:
        """Always False: conjugation is done at once, not noted down."""
        return False

    def is_neg(self) -> bool:
        """Always False: negation is done at once, not noted down."""
        return False

    @property
    def layout(self) -> layout:
        """Always `torch.strided`."""
        return strided

    @property
    def is_sparse(self) -> bool:
        """Always False: there are no sparse tensors here."""
        return False

    @property
    def is_quantized(self) -> bool:
        """Always False: there are no quantized tensors here."""
        return False

    @property
    def is_sparse_csr(self) -> bool:
        """Always False: there are no sparse tensors here."""
        return False

    @property
    def is_nested(self) -> bool:
        """Always False: there are no nested tensors here."""
        return False

    @property
    def is_mkldnn(self) -> bool:
        """Always False: there is one layout here."""
        return False

    def sparse_dim(self) -> int:
        """Always 0: there are no sparse tensors here."""
        return 0

    def dense_dim(self) -> int:
        """The number of dimensions."""
        return self._spec.ndim

    def dim_order(self) -> tuple[int, ...]:
        """The dimensions from the one whose elements are farthest apart to the one whose are nearest."""
        steps = self._spec.strides
        return tuple(sorted(range(len(steps)), key=lambda d: -steps[d]))

    def is_contiguous(self, memory_format: memory_format | None = None) -> bool:
        """Whether the elements are dense and row-major."""
        return self._spec.contiguous

    # -- place ---------------------------------------------------------------------------------------------------------

    @property
    def device(self) -> Device:
        """Where the elements are."""
        return self._session.device

    def get_device(self) -> int:
        """The GPU's number; -1 on cpu."""
        index = self._session.device.index
        return -1 if self._session.device.type == "cpu" else index or 0

    @property
    def is_cuda(self) -> bool:
        """Whether the elements are on a GPU."""
        return self._session.device.type == "cuda"

    @property
    def is_cpu(self) -> bool:
        """Whether the elements are in this process."""
        return self._session.device.type == "cpu"

    @property
    def is_meta(self) -> bool:
        """Whether there are no elements, only a shape and a dtype."""
        return self._session.device.type == "meta"

    @property
    def is_xpu(self) -> bool:
        """Always False: see `torch.accelerator` for what there is."""
        return False

    is_mps = is_xla = is_ipu = is_mtia = is_maia = is_vulkan = is_xpu

    def is_pinned(self) -> bool:
        """Always False: host memory needs no pinning here, uploads are asynchronous anyway."""
        return False

    def is_shared(self) -> bool:
        """Always False: memory here is not shared between processes."""
        return False

    # -- memory --------------------------------------------------------------------------------------------------------

    def storage_offset(self) -> int:
        """How many elements after the beginning of its storage this tensor begins."""
        return _storage.offset(self) // self._spec.dtype.itemsize

    def data_ptr(self) -> int:
        """The address of the first element; 0 when there is none.

        On a worker it is a number for comparing: the same for the same memory, with views as far apart as their
        offsets.
        """
        return self.untyped_storage().data_ptr() + _storage.offset(self) if self._spec.numel else 0

    def untyped_storage(self) -> UntypedStorage:
        """The memory, as bytes: the same object for all tensors that share it."""
        return _storage.storage_of(self)

    def storage(self) -> TypedStorage:
        """The memory, as elements of this dtype."""
        return _storage.TypedStorage(self)  # type: ignore[arg-type]

    def is_set_to(self, tensor: TensorBase) -> bool:
        """Whether another tensor has the same memory with the same sizes, strides and offset."""
        ours, theirs = self._spec, tensor._spec
        return (
            _storage.storage_of(self) is _storage.storage_of(tensor)
            and (ours.shape, ours.strides) == (theirs.shape, theirs.strides)
            and _storage.offset(self) == _storage.offset(tensor)
        )

    # -- graph ---------------------------------------------------------------------------------------------------------

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
        return max(self._index, 0)

    @property
    def _version(self) -> int:
        """How often this tensor's memory was written to in place. GradientError for a tensor of inference mode."""
        if self._index < 0:
            raise GradientError("Inference tensors do not track version counter.")
        return self._writes

    def is_inference(self) -> bool:
        """Whether this tensor was made in `inference_mode`."""
        return self._index < 0

    def _is_view(self) -> bool:
        """Whether this tensor shares the memory of another."""
        return self._base is not None
