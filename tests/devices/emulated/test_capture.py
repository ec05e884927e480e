"""What CUDA graphs are made of: captures on the emulated device, memory at addresses that repeat, deferred numbers."""

import gc
import itertools

import numpy as np
import pytest
from teletensor_core.backends import deferred
from teletensor_core.backends.arena import Arena, Range
from teletensor_core.backends.capture import NotCapturableError

from tests.devices import emulator

MIB = 1 << 20


@pytest.fixture
def workshop(backend):
    backend.use_graphs()
    return backend.workshop()


# -- captures ----------------------------------------------------------------------------------------------------------


def test_work_is_recorded_and_done_when_the_graph_is_launched(workshop, cupy):
    x, y = cupy.arange(6.0), cupy.zeros(6)
    before = emulator.counts()

    def work():
        cupy.add(x, 1, out=y)
        cupy.multiply(y, 2, out=y)

    graph, _ = workshop.capture(work)
    assert y.tolist() == [0] * 6
    x += 10
    for times in (1, 2):
        workshop.launch(graph)
        assert y.tolist() == [2 * (k + 11) for k in range(6)]
        after = emulator.counts()
        assert (after["launches"] - before["launches"], after["graph_launches"] - before["graph_launches"]) == (
            1,
            times,
        )


def test_memory_is_set_and_copied_in_a_graph(workshop, cupy):
    x, y = cupy.arange(4.0), cupy.ones(4)

    def work():
        y.data.memset_async(0, 16)
        y[2:] = x[:2]

    graph, _ = workshop.capture(work)
    x += 5
    workshop.launch(graph)
    assert y.tolist() == [0, 0, 5, 6]


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (lambda cupy, x: cupy.matmul(x, x), "cuBLAS API during stream capture"),
        (lambda cupy, x: x.get(), "D2H transfers|synchronous API calls|capturing"),
        (lambda cupy, x: x.sort(), "StreamCaptureUnsupported"),
        (lambda cupy, x: cupy.fft.fftn(x), "StreamCaptureUnsupported"),
        (lambda cupy, x: cupy.asarray(np.ones(3)), "a copy from the host"),
        (lambda cupy, x: x[np.array([0, 1])], "a copy from the host"),
        (lambda cupy, x: cupy.cuda.get_current_stream().synchronize(), "StreamCaptureUnsupported"),
    ],
    ids=["cublas", "read", "sort", "fft", "upload", "host index", "wait"],
)
def test_what_cannot_be_captured_fails_and_leaves_the_stream_usable(workshop, cupy, work, message):
    x = cupy.ones((3, 3))
    with pytest.raises(Exception, match=message):
        workshop.capture(lambda: work(cupy, x))
    graph, _ = workshop.capture(lambda: cupy.add(x, 1, out=x))
    workshop.launch(graph)
    assert x.sum() == 18
    assert cupy.asarray(np.ones(3)).sum() == 3


def test_fourier_transforms_refuse_by_themselves(workshop, backend, cupy):
    """On a GPU a capture might go well, and the memory of the plan be gone when the graph is launched."""
    x = cupy.ones((2, 4))
    for transform in (
        lambda: backend.xp.fft_complex(x, (0,), True),
        lambda: backend.xp.fft_from_real(x, (1,)),
        lambda: backend.xp.fft_to_real(x, (1,), 6),
    ):
        with pytest.raises(NotCapturableError, match="memory of its plan"):
            workshop.capture(transform)


def test_the_default_stream_may_be_used_meanwhile(workshop, cupy):
    """By another session's thread; for that the stream that captures is one that it does not wait for."""
    x, y = cupy.ones(3), cupy.ones(3)

    def work():
        cupy.add(x, 1, out=x)
        with cupy.cuda.Stream.null:
            cupy.add(y, 1, out=y)

    workshop.capture(work)
    assert (x.tolist(), y.tolist()) == ([1] * 3, [2] * 3)


def test_streams_that_wait_for_each_other_spoil_a_capture(cupy):
    y, waiting = cupy.ones(3), cupy.cuda.Stream()
    waiting.begin_capture()
    with pytest.raises(cupy.cuda.driver.CUDADriverError, match="CAPTURE_IMPLICIT"):
        cupy.add(y, 1, out=y)
    with pytest.raises(cupy.cuda.runtime.CUDARuntimeError, match="StreamCaptureInvalidated"):
        waiting.end_capture()


# -- arenas ------------------------------------------------------------------------------------------------------------


def test_the_same_requests_get_the_same_addresses(cupy):
    def addresses():
        a, b = arena.malloc(1000), arena.malloc(5000)
        found = [a.ptr, b.ptr]
        del a
        c, d = arena.malloc(600), arena.malloc(10)
        return [*found, c.ptr, d.ptr]

    arena = Arena()
    first = addresses()
    assert first[2] == first[0]
    assert first[3] == first[1] + 5120
    assert addresses() == first
    assert arena.idle == arena.reserved == MIB


def test_a_range_can_be_had_when_it_is_free(cupy):
    arena = Arena()
    block = arena.malloc(2048)
    middle = Range(block.ptr + 512, block.ptr + 1024)
    assert not arena.is_free(middle)
    del block
    assert arena.is_free(middle)
    taken = arena.take(middle)
    assert arena.malloc(1024).ptr == middle.end
    assert arena.malloc(512).ptr == middle.start - 512
    assert arena.range_of(cupy.ndarray(8, "uint8", taken)) == middle
    assert Arena().range_of(cupy.ndarray(8, "uint8", taken)) is None
    assert arena.range_of(cupy.zeros(8)) is None


def test_arrays_outlive_their_arena(backend, cupy):
    arena = Arena()
    with cupy.cuda.using_allocator(arena.malloc):
        x = cupy.arange(300_000)
    held = backend.memory_info()["allocated"]
    del arena
    gc.collect()
    assert backend.memory_info()["allocated"] == held
    assert x.sum() == 300_000 * 299_999 // 2
    del x
    assert backend.memory_info()["allocated"] < held


def test_it_grows_and_keeps_chunks_apart(cupy):
    arena = Arena()
    blocks = [arena.malloc(MIB) for _ in range(3)]
    spans = sorted(Range(block.ptr, block.ptr + MIB) for block in blocks)
    assert all(a.end <= b.start for a, b in itertools.pairwise(spans))
    assert arena.reserved >= 3 * MIB
    del blocks
    # Whether they lie side by side or not, nothing is given across two.
    assert not any(arena.is_free(Range(span.start, span.end + 512)) for span in spans if span.end in arena._chunks)
    assert len(arena.joined(spans)) == 3
    halves = [Range(spans[0].start, spans[0].start + 512), Range(spans[0].start + 512, spans[0].end)]
    assert arena.joined(halves) == [spans[0]]


# -- deferred numbers --------------------------------------------------------------------------------------------------


def test_a_graph_reads_the_numbers_of_its_run(workshop, backend, cupy):
    p, g = cupy.full(5, 2.0), cupy.ones(5)
    rate = workshop.argument(0)
    words = {}

    def work():
        backend.xp.sgd(p, g, None, rate, 0, 0, 0, 0, False, False)
        words["out"] = backend.xp.random_bits(20, workshop.argument(1), workshop.argument(2))

    graph, _ = workshop.capture(work)
    for numbers in ((0.5, 3, 7), (1e-3, 2**70 - 1, 1 << 40)):
        before = p.get()
        workshop.set_numbers(numbers)
        workshop.launch(graph)
        np.testing.assert_array_equal(p.get(), before - numbers[0])
        np.testing.assert_array_equal(words["out"].get(), backend.xp.random_bits(20, *numbers[1:]).get())


def test_formulas_are_computed_as_python_does():
    def steps(rate, step):
        return rate / (1 - 0.9**step), (1 - 0.999**step) ** 0.5, 1 - rate * 0.01, 2 + step, step - 1

    made = steps(*(deferred.argument(k, lambda formula: formula) for k in range(2)))
    for numbers in ((1e-3, 1), (0.1, 5000)):
        assert [deferred.evaluated(x.formula, numbers) for x in made] == list(steps(*numbers))


@pytest.mark.parametrize(
    "use",
    [bool, float, int, lambda x: x > 0, lambda x: x == 0, lambda x: x * np.ones(2), lambda x: range(3)[x]],
    ids=["bool", "float", "int", "less", "equal", "array", "index"],
)
def test_what_depends_on_its_value_is_refused(use):
    with pytest.raises(NotCapturableError):
        use(deferred.argument(0, lambda formula: formula))


def test_arrays_leave_arithmetic_to_it(cupy):
    with pytest.raises(NotCapturableError):
        cupy.ones(2) * deferred.argument(0, lambda formula: formula)


def test_numbers_are_limited(workshop):
    x = workshop.argument(0)
    for k in range(256):
        deferred.on_device(x * float(k))
    with pytest.raises(NotCapturableError, match="more than 256 numbers"):
        deferred.on_device(x + 1)
    workshop.set_numbers([1.0])
