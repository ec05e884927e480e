"""Which sessions exist, and where new tensors go."""

from __future__ import annotations

import threading

from teletensor_core.errors import DeviceError

from teletensor.device import Device, DeviceLike
from teletensor.local import LocalSession
from teletensor.session import Session

_local: LocalSession | None = None
_connected: list[Session] = []
_process_default: list[Device] = []
_state = threading.local()


def local() -> LocalSession:
    """The in-process session."""
    global _local
    if _local is None:
        _local = LocalSession()
    return _local


def connected() -> list[Session]:
    """The open connections, oldest first."""
    return [session for session in _connected if not session.closed]


def add(session: Session, default: bool) -> None:
    """Remember a new connection; make its device the default for new tensors if asked."""
    _connected.append(session)
    if default:
        _process_default.append(session.device)


def prefer(session: Session) -> None:
    """Let a connection serve its kind of device when no number is named."""
    _connected.remove(session)
    _connected.append(session)


def remove(session: Session) -> None:
    """Forget a closed connection and every default that named it."""
    if session in _connected:
        _connected.remove(session)
    _process_default[:] = [device for device in _process_default if device != session.device]


def push_default(device: Device) -> None:
    """Make `device` this thread's default until `pop_default`."""
    stack = getattr(_state, "stack", None)
    if stack is None:
        stack = _state.stack = []
    stack.append(device)


def pop_default() -> None:
    """Undo the newest `push_default`."""
    _state.stack.pop()


def set_default(device: DeviceLike) -> None:
    """Make `device` the process's default for new tensors; None for cpu."""
    resolve(device)
    _process_default.clear()
    if device is not None:
        _process_default.append(Device(device))


def default_device() -> Device:
    """Where new tensors go when no device is named."""
    stack = getattr(_state, "stack", None)
    if stack:
        device: Device = stack[-1]
        return device
    return _process_default[-1] if _process_default else local().device


def resolve(device: DeviceLike) -> Session:
    """The session that serves a device. Raises DeviceError when there is none."""
    wanted = default_device() if device is None else device if isinstance(device, Device) else Device(device)
    if wanted.type == "cpu":
        return local()
    for session in reversed(connected()):
        if _serves(session, wanted):
            return session
    if wanted.type == "meta":
        raise DeviceError("the meta device is not supported: shapes are known without one, see Tensor.shape")
    known = ", ".join(str(session.device) for session in connected()) or "none"
    raise DeviceError(
        f"no connected worker has device '{wanted}' (connected: {known}); "
        "start one with `teletensor serve` and call teletensor.connect('host:port', token=...)"
    )


def _serves(session: Session, wanted: Device) -> bool:
    have = session.device
    if wanted.type == "remote":
        return wanted.index is None or wanted.index == connected().index(session)
    return wanted.type == have.type and wanted.index in (None, have.index)
