"""What a worker tells about itself: limits, and what its sessions and tensors hold."""

from __future__ import annotations

from dataclasses import dataclass

from teletensor_core.engine import Value


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """What one session may use. Zero: no limit.

    `message_bytes` bounds one message on the wire, `window_bytes` and `window_commands` what a client may have sent
    without an acknowledgement, `signatures` and `programs` how many of those a session may have defined at a time.
    """

    session_bytes: int = 0
    tensors: int = 0
    message_bytes: int = 16 << 20
    window_bytes: int = 64 << 20
    window_commands: int = 65_536
    signatures: int = 65_536
    programs: int = 256


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session as the admin API shows it. Times are seconds since the epoch.

    `bytes` is the memory of its tensors, and of what their graphs keep for backward.
    """

    id: str
    client: str
    created: float
    last_active: float
    connected: bool
    tensors: int
    bytes: int
    ops: int
    batches: int
    bytes_received: int
    bytes_sent: int
    device: str


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """A tensor as the admin API shows it: everything but its elements.

    `location` is the client's own `file:line` that made it, where the client sent one.
    """

    handle: int
    shape: tuple[int, ...]
    dtype: str
    bytes: int
    age_seconds: float
    location: str | None
    requires_grad: bool

    @classmethod
    def of(cls, handle: int, value: Value, age_seconds: float, location: str | None) -> TensorInfo:
        """What there is to say about a value. A view owns no bytes."""
        return cls(
            handle=handle,
            shape=value.spec.shape,
            dtype=value.spec.dtype.name,
            bytes=0 if value.base is not None else value.spec.nbytes,
            age_seconds=age_seconds,
            location=location,
            requires_grad=value.requires_grad or value.node is not None,
        )


@dataclass(slots=True)
class Totals:
    """Counts since the worker started; they only grow."""

    sessions_opened: int = 0
    ops: int = 0
    bytes_received: int = 0
    bytes_sent: int = 0
    errors: int = 0
