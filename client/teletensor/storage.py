"""Where tensors are in memory: storages, offsets and addresses, mostly asked to see which tensors share memory.

Nothing here waits. On a worker an address is a number that this process makes up: no other storage has it, and views of
one storage differ by what lies between them.
"""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from teletensor_core.dtypes import DType
from teletensor_core.plan import Plan
from teletensor_core.spec import Spec

from teletensor import sessions
from teletensor.device import Device
from teletensor.tensor_base import TensorBase, root_of

if TYPE_CHECKING:
    from teletensor.tensor import Tensor

# Far enough apart for any tensor, and not where this process has memory.
_next = itertools.count(1 << 60, 1 << 44)


class UntypedStorage:
    """The memory of tensors, as bytes. Tensors that share memory have the same one."""

    def __init__(self, root: TensorBase) -> None:
        self.device: Device = root._session.device
        self._nbytes = extent(root._spec) * root._spec.dtype.itemsize
        self._address = _address(root, self._nbytes)

    def data_ptr(self) -> int:
        """The address of the first byte; 0 of an empty storage."""
        return self._address

    @property
    def _cdata(self) -> int:
        return id(self)

    def nbytes(self) -> int:
        """The number of bytes."""
        return self._nbytes

    size = __len__ = nbytes

    def element_size(self) -> int:
        """1: the elements are bytes."""
        return 1

    @property
    def is_cuda(self) -> bool:
        """Whether the memory is a GPU's."""
        return self.device.type == "cuda"

    def __repr__(self) -> str:
        return f"[torch.storage.UntypedStorage(device={self.device}) of size {self._nbytes}]"


class TypedStorage:
    """The memory of a tensor, as elements of its dtype."""

    def __init__(self, tensor: Tensor) -> None:
        self._tensor = tensor
        self.dtype: DType = tensor.dtype
        self.device: Device = tensor.device

    def untyped(self) -> UntypedStorage:
        """The same memory as bytes."""
        return storage_of(self._tensor)

    def data_ptr(self) -> int:
        """The address of the first element."""
        return self.untyped().data_ptr()

    def nbytes(self) -> int:
        """The number of bytes."""
        return self.untyped().nbytes()

    def element_size(self) -> int:
        """Bytes of one element."""
        return self.dtype.itemsize

    def size(self) -> int:
        """The number of elements."""
        return self.nbytes() // self.dtype.itemsize

    def __len__(self) -> int:
        return self.size()

    def tolist(self) -> list[Any]:
        """The elements as Python numbers. Waits once."""
        root: Any = root_of(self._tensor)
        found: list[Any] = root.detach().as_strided((self.size(),), (1,), 0).tolist()
        return found

    def __getitem__(self, index: Any) -> Any:
        return self.tolist()[index]


def storage_of(x: TensorBase) -> UntypedStorage:
    """The memory of a tensor: one object for all that share it."""
    root = root_of(x)
    if root._storage is None:
        root._storage = UntypedStorage(root)
    found: UntypedStorage = root._storage
    return found


def offset(x: TensorBase) -> int:
    """How many bytes after the beginning of its storage a tensor begins."""
    total, way = 0, x._way
    while way is not None:
        way, found, spec, index, _ = way
        total += index if found is None else _moved(found, spec)[index]
    return total


def extent(spec: Spec) -> int:
    """How many elements lie between the first and the last one of a tensor, both counted."""
    if not spec.numel:
        return 0
    return 1 + sum((n - 1) * stride for n, stride in zip(spec.shape, spec.strides, strict=True))


def _address(root: TensorBase, nbytes: int) -> int:
    """The address of a storage; one that no other has, in steps that hold any tensor, where the memory is elsewhere."""
    if not nbytes:
        return 0
    if root._session is sessions.local():
        address: int = root._ref.array.__array_interface__["data"][0]
        return address - offset(root)
    return next(_next)


@lru_cache(maxsize=4096)
def _moved(found: Plan, spec: Spec) -> tuple[int, ...]:
    """How many bytes after a tensor of this spec each result of a view op begins: the op's kernel is tried on one."""
    size = spec.dtype.itemsize
    memory = np.empty(max(extent(spec), 1), spec.dtype.np)
    whole = np.lib.stride_tricks.as_strided(memory, spec.shape, [stride * size for stride in spec.strides])
    made = found.op.kernel(sessions.local().engine.backend.xp, whole, **found.attrs)
    begin = whole.__array_interface__["data"][0]
    parts = made if isinstance(made, (tuple, list)) else (made,)
    return tuple(part.__array_interface__["data"][0] - begin if part.size else 0 for part in parts)
