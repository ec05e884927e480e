"""Random numbers: a generator is a seed and a count of the numbers already drawn, held by the client.

The worker is told both with every random op, so that the same program draws the same numbers in this process and on any
worker, and a resumed session cannot drift.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from teletensor.device import Device

if TYPE_CHECKING:
    from teletensor.tensor import Tensor

_MASK = (1 << 63) - 1


class Generator:
    """A source of random numbers, as `torch.Generator`."""

    def __init__(self, device: Any = "cpu") -> None:
        self.device = Device(device)
        self._lock = threading.Lock()
        self.manual_seed(67280421310721)

    def manual_seed(self, seed: int) -> Generator:
        """This generator, started afresh from `seed`."""
        with self._lock:
            self._seed = int(seed) & ((1 << 64) - 1)
            self._offset = 0
        return self

    def seed(self) -> int:
        """Start afresh from a seed the operating system chose; gives that seed."""
        chosen = secrets.randbits(63)
        self.manual_seed(chosen)
        return chosen

    def initial_seed(self) -> int:
        """The seed this generator was started from."""
        return self._seed

    def next(self, count: int) -> tuple[int, int]:
        """Seed and offset for an op that draws `count` numbers; the next op draws others.

        Offsets count blocks of 128 random bits; a number takes at most 64 of them.
        """
        with self._lock:
            offset = self._offset
            self._offset = (offset + (count + 1) // 2 + 1) & _MASK
            return self._seed & _MASK, offset

    def get_state(self) -> Tensor:
        """Seed and offset as a uint8 tensor of 16 elements."""
        from teletensor import factories

        state = np.array([self._seed, self._offset], dtype="<u8").view(np.uint8)
        return factories.from_numpy(state.copy())

    def set_state(self, state: Tensor) -> Generator:
        """Go on from where `get_state` was called."""
        seed, offset = np.asarray(state.cpu().numpy()).view("<u8").tolist()
        with self._lock:
            self._seed, self._offset = seed, offset
        return self


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Start the default generator afresh from `seed`; gives the generator."""
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Start the default generator from a seed the operating system chose."""
    return default_generator.seed()


def initial_seed() -> int:
    """The default generator's seed."""
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The default generator's state, a uint8 tensor."""
    return default_generator.get_state()


def set_rng_state(state: Tensor) -> None:
    """Put back what `get_rng_state` gave."""
    default_generator.set_state(state)


@contextlib.contextmanager
def fork_rng(
    devices: Any = None, enabled: bool = True, _caller: str = "fork_rng", _devices_kw: str = "devices",
    device_type: str = "cuda",
) -> Iterator[None]:  # fmt: skip
    """Let the default generator go on, after a `with` block, as if nothing had been drawn in it."""
    state = default_generator.get_state() if enabled else None
    try:
        yield
    finally:
        if state is not None:
            default_generator.set_state(state)


def draw(generator: Generator | None, count: int) -> tuple[int, int]:
    """Seed and offset for `count` numbers from this generator, or the default one."""
    return (generator or default_generator).next(count)
