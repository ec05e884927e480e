"""The classes of PyTorch's first years: `FloatTensor`, `cuda.LongTensor`, ... One class for each dtype and place.

They make tensors from sizes or data, stand for dtypes in `Tensor.type`, and tell tensors apart with isinstance.
"""

from __future__ import annotations

import warnings
from typing import Any

from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import ArgumentError, ArgumentTypeError

from teletensor import factories, transfer
from teletensor.functions.queries import set_default_dtype
from teletensor.tensor import Tensor

NAMES = {f"{dtype.title}Tensor": dtype for dtype in dtypes.ALL}


class TensorType(type):
    """The class of the legacy classes: one dtype in one kind of place."""

    dtype: DType
    device_type: str

    def __new__(cls, name: str, dtype: DType, device_type: str) -> TensorType:
        """A legacy class."""
        place = "" if device_type == "cpu" else f".{device_type}"
        made = super().__new__(cls, name, (), {"__module__": f"torch{place}", "__doc__": f"A {dtype.name} tensor."})
        made.dtype, made.device_type = dtype, device_type
        return made

    def __init__(cls, name: str, dtype: DType, device_type: str) -> None:
        super().__init__(name, (), {})

    def __call__(cls, *args: Any, device: Any = None) -> Tensor:
        """A tensor of these sizes (uninitialised), or with this data."""
        return factories.legacy_tensor(*args, dtype=cls.dtype, device=cls.device_type if device is None else device)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor) and instance.dtype is cls.dtype and instance.device.type == cls.device_type

    def __repr__(cls) -> str:
        return f"<class '{cls.__module__}.{cls.__name__}'>"


def classes(device_type: str) -> dict[str, TensorType]:
    """The legacy classes of one kind of place, by name."""
    return {name: TensorType(name, dtype, device_type) for name, dtype in NAMES.items()}


CPU = classes("cpu")
CUDA = classes("cuda")


def type_name(tensor: Tensor) -> str:
    """What `Tensor.type()` says: "torch.FloatTensor", "torch.cuda.LongTensor"."""
    place = tensor.device.type
    return f"torch.{'' if place == 'cpu' else f'{place}.'}{tensor.dtype.title}Tensor"


def as_type(tensor: Tensor, wanted: Any) -> Tensor:
    """The tensor as a dtype, a legacy class, or a class's name. Raises for anything else."""
    if isinstance(wanted, str):
        wanted = _named(wanted)
    if isinstance(wanted, TensorType):
        return transfer.to(tensor, wanted.device_type, wanted.dtype)
    if not isinstance(wanted, DType) and wanted not in (bool, int, float, complex):
        raise ArgumentTypeError("dtype must be a type, str, or dtype object")
    return transfer.to(tensor, dtype=wanted)


def _named(name: str) -> TensorType:
    place, _, cls = name.removeprefix("torch.").rpartition(".")
    found = {"": CPU, "cuda": CUDA}.get(place, {}).get(cls)
    if found is None or not name.startswith("torch."):
        raise ArgumentError(f"invalid type: '{name}'")
    return found


def set_default_tensor_type(t: Any) -> None:
    """Make the dtype of a floating point legacy class (or its name) the default for new tensors."""
    warnings.warn(
        "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use torch.set_default_dtype() and "
        "torch.set_default_device() as alternatives.",
        stacklevel=2,
    )
    wanted = _named(t) if isinstance(t, str) else t
    if not isinstance(wanted, TensorType):
        raise ArgumentTypeError("invalid type object")
    set_default_dtype(wanted.dtype)
