"""CUDA graphs on CuPy: capturing what is launched, the memory it works in, and the numbers that it reads."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import cupy
import numpy as np

from teletensor_core.backends import deferred
from teletensor_core.backends.arena import Arena, Range
from teletensor_core.backends.capture import NotCapturableError, capturing, refuse_in_capture
from teletensor_core.backends.deferred import Deferred
from teletensor_core.backends.faults import Faults
from teletensor_core.kernels.cuda import elementwise

# So many reasons are remembered, and numbers of one program.
_MOST_REASONS, _MOST_NUMBERS = 64, 256


class Graphs:
    """What the programs of a worker have captured, launched and refused. `tell` is called once with each reason."""

    def __init__(self, tell: Callable[[str], None] = lambda reason: None) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._captured = self._launched = 0
        self.reasons: list[str] = []
        _guard_pinned_memory()

    def count(self, captured: int = 0, launched: int = 0) -> None:
        """Count graphs that were captured, and launched."""
        with self._lock:
            self._captured += captured
            self._launched += launched

    def refused(self, what: str, error: BaseException) -> None:
        """Remember why something is launched step by step."""
        reason = f"{what}: {error}".splitlines()[0][:200]
        with self._lock:
            if reason in self.reasons or len(self.reasons) >= _MOST_REASONS:
                return
            self.reasons.append(reason)
        self._tell(reason)

    def summary(self) -> str:
        """In one line what there is to say."""
        refused = f"; launched one by one: {'; '.join(self.reasons)}" if self.reasons else ""
        return f"on: {self._captured} captured, {self._launched} launched{refused}"

    def workshop(self, faults: Faults) -> Workshop:
        """What one program needs, of a session with these faults."""
        return Workshop(self, faults)


class Workshop:
    """The stream on which a program's graphs are captured, and the memory and numbers that they use.

    `inner` is for what lives as long as a run, `outer` for what the program gives away. Both are kept as long as this.
    """

    def __init__(self, graphs: Graphs, faults: Faults) -> None:
        self.graphs = graphs
        self._faults = faults
        self.inner, self.outer = Arena(), Arena()
        self.arena = self.inner
        self.is_closed = False
        # One that the default stream does not wait for: what other sessions launch would end the capture.
        self._stream = cupy.cuda.Stream(non_blocking=True)
        self._places: dict[Any, int] = {}
        self._words: Any = None
        self._lasting = 0
        self.made = 0

    @property
    def held(self) -> int:
        """Bytes that are kept and are no tensor's."""
        return self.inner.reserved + self.outer.idle + self._lasting

    def close(self) -> None:
        """Let go of the memory; arrays that are still there keep theirs. There will be no graphs any more."""
        self.is_closed = True
        self.inner, self.outer = Arena(), Arena()
        self._places, self._words, self._lasting = {}, None, 0

    @contextlib.contextmanager
    def memory(self) -> Iterator[None]:
        """Have this thread's arrays made in the arenas: in `arena`, whichever of the two that is."""
        with cupy.cuda.using_allocator(self._malloc):
            yield

    def _malloc(self, size: int) -> Any:
        return cupy.get_default_memory_pool().malloc(size) if self.is_closed else self.arena.malloc(size)

    def capture(self, work: Callable[[], None]) -> tuple[Any, list[tuple[Arena, Range]]]:
        """A graph of what `work` launches, and where it uses memory. Nothing runs yet. Raises what went wrong.

        Afterwards, `made` is how many arrays were made.
        """
        logs: dict[Arena, list[Range]] = {self.inner: [], self.outer: []}
        for arena, log in logs.items():
            arena.log = log
        try:
            with self._stream, capturing():
                self._stream.begin_capture()
                try:
                    work()
                except BaseException:
                    self._abandon()
                    raise
                graph = self._stream.end_capture()
        finally:
            self.inner.log = self.outer.log = None
        self.made = sum(map(len, logs.values()))
        return graph, [(arena, each) for arena, log in logs.items() for each in arena.joined(log)]

    def launch(self, graph: Any) -> None:
        """Have a graph run."""
        graph.launch()
        self.graphs.count(launched=1)
        self._faults.launched()

    def _abandon(self) -> None:
        # A capture that has gone wrong raises here too; it is over then.
        with contextlib.suppress(RuntimeError):
            self._stream.end_capture()

    @staticmethod
    def view(pointer: Any, like: Any) -> Any:
        """An array on memory, of another's shape, dtype and strides."""
        return cupy.ndarray(like.shape, like.dtype, pointer, like.strides)

    # -- numbers -----------------------------------------------------------------------------------------------------

    def argument(self, index: int) -> Deferred:
        """The `index`-th number of a run, as steps take it that are captured."""
        return deferred.argument(index, self._place)

    def _place(self, formula: Any) -> Any:
        if self._words is None:
            self._words = self.lasting(_MOST_NUMBERS, "uint64")
        place = self._places.setdefault(formula, len(self._places))
        if place >= _MOST_NUMBERS:
            del self._places[formula]
            raise NotCapturableError(f"more than {_MOST_NUMBERS} numbers change from run to run")
        return self._words.view(formula[0])[place]

    def set_numbers(self, arguments: Sequence[Any]) -> None:
        """Give graphs that are launched from now on the numbers of this run: by launches, as copies could be late."""
        values = [deferred.evaluated(formula, arguments) for formula in self._places]
        at_once = elementwise.WORDS_AT_ONCE
        for first in range(0, len(values), at_once):
            part = values[first : first + at_once]
            padding = [0] * (at_once - len(part))
            elementwise.set_words(*map(np.uint64, part + padding), len(part), self._words[first:], size=1)

    def lasting(self, shape: Any, dtype: Any) -> Any:
        """A new array that is no part of the arenas, to be kept as long as this."""
        with cupy.cuda.using_allocator(cupy.get_default_memory_pool().malloc), cupy.cuda.Stream.null:
            made = cupy.ndarray(shape, dtype)
        self._lasting += made.nbytes
        return made


def _guard_pinned_memory() -> None:
    """Refuse what copies from the host: a graph would copy again, from memory that is somebody else's by then."""
    pool = cupy.get_default_pinned_memory_pool()

    def malloc(size: int) -> Any:
        refuse_in_capture("a copy from the host")
        return pool.malloc(size)

    cupy.cuda.set_pinned_memory_allocator(malloc)
