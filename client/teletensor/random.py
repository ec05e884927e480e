"""Random numbers: a generator is a seed and a count of the numbers already drawn, held by the client.

The worker is told both with every random op, so that the same program draws the same numbers in this process and on any
worker, and a resumed session cannot drift. The numbers are those of Philox 4x64-10, not PyTorch's.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from teletensor_core.errors import ArgumentError, ArgumentTypeError

from teletensor import recording
from teletensor.device import Device

if TYPE_CHECKING:
    from teletensor.tensor import Tensor

__all__ = [
    "Generator", "default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed",
    "set_rng_state",
]  # fmt: skip

_MASK = (1 << 63) - 1
_STATE_BYTES = 16


class Generator:
    """A source of random numbers, as `torch.Generator`. It serves every device."""

    def __init__(self, device: Any = "cpu") -> None:
        self.device = Device(device)
        self._lock = threading.Lock()
        self.manual_seed(67280421310721)

    def manual_seed(self, seed: int) -> Generator:
        """Start afresh from `seed`, at least -2**63 and below 2**64; negative ones count from 2**64. Gives itself."""
        seed = int(seed)
        if not -(1 << 63) <= seed < 1 << 64:
            raise ArgumentError(f"Overflow when unpacking long: a seed is between -2**63 and 2**64 - 1, got {seed}")
        with self._lock:
            self._seed = seed & ((1 << 64) - 1)
            self._offset = 0
        return self

    def seed(self) -> int:
        """Start afresh from a seed the operating system chose; gives that seed."""
        chosen = int.from_bytes(os.urandom(8), "little") >> 1
        self.manual_seed(chosen)
        return chosen

    def initial_seed(self) -> int:
        """The seed this generator was started from."""
        return self._seed

    def next(self, count: int) -> tuple[int, int]:
        """Seed and offset for an op that draws `count` numbers; the next op draws others.

        Offsets count blocks of 256 random bits; a number takes at most 64 of them.
        """
        with self._lock:
            offset = self._offset
            self._offset = (offset + count // 4 + 1) & _MASK
            return self._seed & _MASK, offset

    def get_state(self) -> Tensor:
        """Seed and offset as a uint8 tensor of 16 elements, on cpu."""
        from teletensor import factories

        with self._lock:
            state = np.array([self._seed, self._offset], dtype="<u8")
        return factories.from_numpy(state.view(np.uint8).copy())

    def set_state(self, new_state: Any) -> Generator:
        """Go on from where `get_state` was called."""
        seed, offset = _unpack(new_state)
        with self._lock:
            self._seed, self._offset = seed, offset
        return self

    def clone_state(self) -> Generator:
        """Another generator that will draw the same numbers."""
        return Generator(self.device).set_state(self.get_state())


def _unpack(state: Any) -> tuple[int, int]:
    from teletensor_core import dtypes

    from teletensor.tensor import Tensor

    if not isinstance(state, Tensor):
        raise ArgumentTypeError(f"expected a torch.ByteTensor, but got {type(state).__name__}")
    if state.dtype is not dtypes.uint8:
        raise ArgumentTypeError(f"RNG state must be a torch.ByteTensor, but got a tensor of {state.dtype}")
    if state.numel() != _STATE_BYTES:
        raise ArgumentError(
            f"RNG state is wrong size: {state.numel()} bytes, expected {_STATE_BYTES} (PyTorch's own states do not fit)"
        )
    seed, offset = np.ascontiguousarray(state.detach().cpu().numpy()).reshape(-1).view("<u8").tolist()
    return seed, offset


default_generator = Generator()
# A thread may have a default generator of its own: the DataLoader's do, so that what they draw is repeatable.
_own = threading.local()


def current_generator() -> Generator:
    """The generator that this thread draws from when none is named."""
    return getattr(_own, "generator", default_generator)


@contextlib.contextmanager
def generating_from(generator: Generator) -> Iterator[None]:
    """Make `generator` this thread's default."""
    before = current_generator()
    _own.generator = generator
    try:
        yield
    finally:
        _own.generator = before


@contextlib.contextmanager
def watched(watcher: Callable[[Generator], None]) -> Iterator[None]:
    """Inside, `watcher` is called with the generator before every draw of this thread."""
    before = getattr(_own, "watchers", ())
    _own.watchers = (*before, watcher)
    try:
        yield
    finally:
        _own.watchers = before


def draw(generator: Generator | None, count: int) -> tuple[int, int]:
    """Seed and offset for `count` numbers from this generator, or the default one."""
    chosen = current_generator() if generator is None else generator
    for watcher in getattr(_own, "watchers", ()):
        watcher(chosen)
    seed, offset = chosen.next(count)
    if recording.state.listener is not None:
        recording.state.listener.drew(chosen, count, seed, offset)
    return seed, offset


def manual_seed(seed: int) -> Generator:
    """Start the default generator afresh from `seed`; gives the generator."""
    return current_generator().manual_seed(seed)


def seed() -> int:
    """Start the default generator from a seed the operating system chose; gives that seed."""
    return current_generator().seed()


def initial_seed() -> int:
    """The default generator's seed."""
    return current_generator().initial_seed()


def get_rng_state() -> Tensor:
    """The default generator's state, a uint8 tensor."""
    return current_generator().get_state()


def set_rng_state(new_state: Any) -> None:
    """Put back what `get_rng_state` gave."""
    current_generator().set_state(new_state)


@contextlib.contextmanager
def fork_rng(
    devices: Iterable[Any] | None = None,
    enabled: bool = True,
    _caller: str = "fork_rng",
    _devices_kw: str = "devices",
    device_type: str = "cuda",
) -> Iterator[None]:
    """Inside, draw as you like: afterwards the default generator goes on as if nothing had been drawn.

    There is one generator for all places, so `devices` changes nothing.
    """
    if not enabled:
        yield
        return
    state = get_rng_state()
    try:
        yield
    finally:
        set_rng_state(state)
