"""Moving tensors between sessions and dtypes: `Tensor.to` and its short forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from teletensor_core.dtypes import DType
from teletensor_core.errors import ArgumentTypeError
from teletensor_core.registry import OPS
from teletensor_core.spec import spec

from teletensor import dispatch, grad_mode, sessions
from teletensor.arguments import as_dtype
from teletensor.device import Device
from teletensor.python_node import Continuation, PythonNode
from teletensor.tensor_base import TensorBase, new, placed
from teletensor.wire_dtype import narrower, widened

if TYPE_CHECKING:
    from teletensor.session import Session
    from teletensor.tensor import Tensor


def to(tensor: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """What `Tensor.to` gives, for every way PyTorch lets it be called."""
    device, dtype, copy, non_blocking = _parse(*args, **kwargs)
    session = tensor._session if device is None or _is_there(tensor, device) else sessions.resolve(device)
    out = tensor
    if dtype is not None and dtype is not tensor.dtype:
        out = dispatch.apply(OPS["to"], (tensor,), (dtype,))
    if session is not tensor._session:
        return _fetched_later(out) if non_blocking and _may_arrive_later(out, session) else move(out, session)
    return dispatch.apply(OPS["clone"], (tensor,), ()) if copy and out is tensor else out


def _is_there(tensor: Tensor, device: Device) -> bool:
    """Whether a tensor on cpu is asked to go there: it stays in whichever process it is."""
    return device.type == "cpu" and tensor._session.device.type == "cpu"


def move(tensor: Tensor, session: Session) -> Tensor:
    """The tensor's values in another session, through which its gradient will go back; see `wire_dtype`."""
    narrow = narrower(tensor._spec, session)
    if narrow is None or (tensor.requires_grad and grad_mode.is_grad_enabled()):
        return _carried(tensor, session)
    return widened(_carried(dispatch.apply(OPS["to"], (tensor,), (narrow,)), session))


def _carried(tensor: Tensor, session: Session) -> Tensor:
    """The same, bit by bit: read there, uploaded here."""
    wanted = spec(tensor._spec.shape, tensor._spec.dtype)
    if session.device.type == "meta":
        from teletensor.meta import NOTHING

        made: Tensor = new(NOTHING, tensor._spec, session)
    else:
        array = tensor._session.read([tensor._ref])[0]
        made = placed(array, wanted, session, own=tensor._session.reads_copies)
    if not (tensor.requires_grad and grad_mode.is_grad_enabled()):
        return made

    def bring_back(grads: list[Tensor | None]) -> Continuation:
        return [(tensor, _carried(g, tensor._session)) for g in grads if g is not None]

    # Each session has a graph of its own: this step is the bridge between two.
    return PythonNode("ToCopyBackward0", [tensor], bring_back).result(made)


def _may_arrive_later(tensor: Tensor, session: Session) -> bool:
    """Whether a tensor may come to this process without waiting. One with a gradient is waited for."""
    return session is sessions.local() and not (tensor.requires_grad and grad_mode.is_grad_enabled())


def _fetched_later(tensor: Tensor) -> Tensor:
    from teletensor.future import arriving_tensor

    (arriving,) = tensor._session.read_later([tensor._ref])
    return arriving_tensor(arriving, tensor)


def _parse(
    *args: Any,
    device: Any = None,
    dtype: Any = None,
    other: Any = None,
    non_blocking: bool = False,
    copy: bool = False,
    memory_format: Any = None,
) -> tuple[Device | None, DType | None, bool, bool]:
    """The device, the dtype, `copy` and `non_blocking`."""
    flags: list[bool] = []
    for arg in (*args, other):
        if isinstance(arg, TensorBase):
            device, dtype = arg._session.device, arg._spec.dtype
        elif isinstance(arg, (DType, type)):
            dtype = arg
        elif isinstance(arg, bool):
            flags.append(arg)
        elif isinstance(arg, (str, int, Device)):
            device = arg
        elif arg is not None:
            raise ArgumentTypeError(f"to() takes a device, a dtype or a tensor, got {type(arg).__name__}")
    non_blocking = non_blocking or (len(flags) > 0 and flags[0])
    copy = copy or (len(flags) > 1 and flags[1])
    return (None if device is None else Device(device)), as_dtype(dtype), copy, non_blocking
