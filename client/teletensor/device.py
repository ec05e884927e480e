"""Places where tensors live: `cpu` (this process), `remote` and `cuda:i` (a connected worker); and `meta`, nowhere."""

from __future__ import annotations

from typing import TypeAlias

from teletensor_core.errors import ArgumentTypeError, DeviceError

TYPES = ("cpu", "cuda", "remote", "meta")


class Device:
    """The name of a place, as `torch.device`: a type and an optional index."""

    __slots__ = ("index", "type")

    type: str
    index: int | None

    def __init__(self, type: str | int | Device, index: int | None = None) -> None:
        if isinstance(type, Device):
            self.type, self.index = type.type, type.index if index is None else index
            return
        if isinstance(type, int):
            self.type, self.index = "cuda", type
            return
        if not isinstance(type, str):
            raise ArgumentTypeError(f"device(): argument 'type' must be str, int or device, not {type!r}")
        name, _, number = type.partition(":")
        if number:
            if index is not None:
                raise DeviceError(
                    f"type (string) must not include an index because index was passed explicitly: {type}"
                )
            if not number.isdecimal():
                raise DeviceError(f"Invalid device string: '{type}'")
            index = int(number)
        if name not in TYPES:
            raise DeviceError(f"Expected one of {', '.join(TYPES)} device type at start of device string: {type}")
        self.type, self.index = name, index

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{index})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __enter__(self) -> Device:
        from teletensor import sessions

        sessions.push_default(self)
        return self

    def __exit__(self, *exc: object) -> None:
        from teletensor import sessions

        sessions.pop_default()


DeviceLike: TypeAlias = "Device | str | int | None"
