"""Streams and events of GPUs: see `teletensor.streams` for what they are here."""

from __future__ import annotations

from typing import Any

from teletensor import streams
from teletensor.cuda import gpus
from teletensor.device import DeviceLike
from teletensor.session import Session


class Stream(streams.Stream):
    """The order in which a GPU does what it is sent. DeviceError without a GPU."""

    cuda_stream = 0

    def _resolve(self, device: DeviceLike) -> Session:
        return gpus.find(device)

    @staticmethod
    def _event() -> Event:
        return Event()

    def __repr__(self) -> str:
        return f"<torch.cuda.Stream device={self.device} cuda_stream=0x0>"


class Event(streams.Event):
    """A place in what a GPU is sent; see `teletensor.streams.Event`. DeviceError without a GPU."""

    def __init__(self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False) -> None:
        gpus.find(None)
        super().__init__(enable_timing=enable_timing, blocking=blocking, interprocess=interprocess)

    def _stream(self) -> Stream:
        return Stream()

    def __repr__(self) -> str:
        return "<torch.cuda.Event uninitialized>" if self._session is None else "<torch.cuda.Event 0x0>"


class StreamContext:
    """A `with` block for a stream: nothing changes in it, for there is one. None does nothing, too."""

    def __init__(self, stream: streams.Stream | None) -> None:
        self.stream = stream

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        pass


def stream(stream: streams.Stream | None) -> StreamContext:
    """A `with` block in which a stream is the current one; None changes nothing."""
    return StreamContext(stream)


def current_stream(device: DeviceLike = None) -> Stream:
    """The stream of a GPU. DeviceError without one."""
    return Stream(device)


default_stream = current_stream


def set_stream(stream: Any) -> None:
    """Nothing to do: a GPU has one stream."""


def is_current_stream_capturing() -> bool:
    """False: workers capture graphs by themselves, where they are told to."""
    return False
