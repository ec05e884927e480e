"""Which sessions exist, and where new tensors go."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator

from teletensor_core.errors import NoDeviceError

from teletensor.device import Device, DeviceLike
from teletensor.local import LocalSession
from teletensor.session import Session

_local: LocalSession | None = None
_meta: Session | None = None
_connected: list[Session] = []
# Connections whose workers are what `cpu` stands for; the newest counts.
machines: list[Session] = []
_process_default: list[Device] = []
_state = threading.local()


def local() -> LocalSession:
    """The in-process session."""
    global _local
    if _local is None:
        _local = LocalSession()
    return _local


def meta() -> Session:
    """The session of tensors without elements."""
    global _meta
    if _meta is None:
        from teletensor.meta import MetaSession

        _meta = MetaSession()
    return _meta


def connected() -> list[Session]:
    """The open connections, oldest first."""
    return [session for session in _connected if not session.closed]


def accelerators() -> list[Session]:
    """The open connections whose workers are no cpu to the program, oldest first."""
    return [session for session in connected() if session.device.type != "cpu"]


def cpu() -> Session:
    """What the name `cpu` stands for here: this process, or the worker that was connected as the whole machine."""
    return local() if not machines or getattr(_state, "here", False) else machines[-1]


@contextlib.contextmanager
def here() -> Iterator[None]:
    """Make `cpu` this process whatever is connected, and new tensors' place, for this thread inside a `with` block."""
    before = getattr(_state, "here", False)
    _state.here = True
    try:
        with Device("cpu"):
            yield
    finally:
        _state.here = before


def add(session: Session, default: bool) -> None:
    """Remember a new connection; make its device the default for new tensors if asked."""
    _connected.append(session)
    if session.device.type == "cpu":
        machines.append(session)
    if default:
        _process_default.append(session.device)


def prefer(session: Session) -> None:
    """Let a connection serve its kind of device when no number is named."""
    _connected.remove(session)
    _connected.append(session)


def remove(session: Session) -> None:
    """Forget a closed connection, and that it was the default."""
    for known in (_connected, machines):
        if session in known:
            known.remove(session)
    newest_first = _process_default[::-1]
    if session.device in newest_first:
        del _process_default[-1 - newest_first.index(session.device)]


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
    wanted = _named(device) if isinstance(device, str) else default_device() if device is None else Device(device)
    if wanted.type == "cpu":
        return cpu()
    if wanted.type == "meta":
        return meta()
    newest_first = connected()[::-1]
    for session in newest_first:
        if session.device == wanted:
            return session
    for session in newest_first:
        if _serves(session, wanted):
            return session
    known = [session.device for session in newest_first[::-1]]
    listed = ", ".join(map(str, known)) or "none"
    gpus = wanted.type != "cuda" or any(device.type == "cuda" for device in known)
    without = "" if gpus else "Torch not compiled with CUDA enabled: "
    raise NoDeviceError(
        f"{without}no connected worker has device '{wanted}' (connected: {listed}); "
        "start one with `teletensor serve` and call teletensor.connect('host:port', token=...)"
    )


# Programs name the same few places all the time.
_named = functools.lru_cache(256)(Device)


def _serves(session: Session, wanted: Device) -> bool:
    """Without an index, the newest connection that fits; `remote` is any worker's device."""
    have = session.device
    if wanted.index is None:
        return wanted.type in ("remote", have.type)
    return wanted.type == have.type and wanted.index == (have.index or 0)
