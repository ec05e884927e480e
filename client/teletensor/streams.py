"""`torch.Stream` and `torch.Event`: a device does what it is sent one after another, so that it has one stream.

What orders streams is therefore there already: waiting for a stream of the same device costs nothing, and changes
nothing. An event that measures time waits where it is recorded, and reads this machine's clock.
"""

from __future__ import annotations

import time
from typing import Any

from teletensor_core.errors import ArgumentError

from teletensor import sessions
from teletensor.device import Device, DeviceLike
from teletensor.session import Session


class Stream:
    """The order in which a device does what it is sent. All streams of a device are equal."""

    stream_id = 0

    def __init__(self, device: DeviceLike = None, *, priority: int = 0, **kwargs: Any) -> None:
        self._session = self._resolve(device)
        self.priority = priority

    def _resolve(self, device: DeviceLike) -> Session:
        accelerators = sessions.accelerators()
        if device is None:
            return accelerators[-1] if accelerators else sessions.cpu()
        return sessions.resolve(Device(device))

    @property
    def device(self) -> Device:
        """The device."""
        return self._session.device

    def synchronize(self) -> None:
        """Wait until the device has done everything it was sent; raises the oldest error nobody has read."""
        self._session.synchronize()

    def query(self) -> bool:
        """True, once the device has done everything it was sent: waits for that."""
        self.synchronize()
        return True

    def wait_stream(self, stream: Stream) -> None:
        """Have what is sent from now on run after what another stream was sent: it waits only for another device."""
        if stream._session is not self._session:
            stream.synchronize()

    def wait_event(self, event: Event) -> None:
        """Have what is sent from now on run after an event: it waits only for another device's."""
        event.wait(self)

    def record_event(self, event: Event | None = None) -> Event:
        """The event, or a new one, recorded here."""
        recorded = type(self)._event() if event is None else event
        recorded.record(self)
        return recorded

    @staticmethod
    def _event() -> Event:
        return Event()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *exc: object) -> None:
        """Nothing to put back: there is one stream."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and other._session is self._session

    def __hash__(self) -> int:
        return id(self._session)

    def __repr__(self) -> str:
        index = -1 if self.device.index is None else self.device.index
        return f"torch.Stream device_type={self.device.type}, device_index={index}, stream_id={self.stream_id}"


class Event:
    """A place in what a device is sent. With `enable_timing` recording it waits, so that the time between two is known.

    `blocking` and `interprocess` change nothing.
    """

    def __init__(
        self, device: DeviceLike = None, *, enable_timing: bool = False, blocking: bool = False,
        interprocess: bool = False,
    ) -> None:  # fmt: skip
        self._timing, self._session, self._time = enable_timing, None, 0.0
        self._wanted = device

    _session: Session | None

    def record(self, stream: Stream | None = None) -> None:
        """Note the place behind all that was sent. With `enable_timing` waits until the device is there."""
        self._session = (self._stream() if stream is None else stream)._session
        if self._timing:
            self._session.synchronize()
            self._time = time.perf_counter()

    def _stream(self) -> Stream:
        return Stream(self._wanted)

    def wait(self, stream: Stream | None = None) -> None:
        """Have what a stream is sent from now on run after this event: it waits only for another device's."""
        session = (self._stream() if stream is None else stream)._session
        if self._session is not None and self._session is not session:
            self._session.synchronize()

    def synchronize(self) -> None:
        """Wait until the device is there."""
        if self._session is not None:
            self._session.synchronize()

    def query(self) -> bool:
        """True, once the device is there: waits for that."""
        self.synchronize()
        return True

    def elapsed_time(self, end_event: Event) -> float:
        """Milliseconds from this event to another, with the way of one message to the device and back.

        ArgumentError unless both were made with `enable_timing`, and recorded.
        """
        if not (self._timing and end_event._timing):
            raise ArgumentError("Both events must be created with argument 'enable_timing=True'.")
        if self._session is None or end_event._session is None:
            raise ArgumentError("Both events must be recorded before calculating elapsed time.")
        return (end_event._time - self._time) * 1e3
