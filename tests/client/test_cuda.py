"""`torch.cuda` answers for a worker's GPU, and without one as PyTorch does without CUDA."""

import pytest
import teletensor as torch
from teletensor_core.errors import DeviceError
from teletensor_protos.v1.worker_pb2 import DeviceProperties


@pytest.fixture
def gpu(session):
    """A worker that says it has a GPU."""
    before, session.device, session.device_name = session.device, torch.device("cuda:0"), "a GPU"
    session.device_properties = DeviceProperties(major=9, minor=0, multi_processor_count=132, total_memory=80 << 30)
    with torch.device("cuda:0"):
        yield session
    session.device = before


def test_what_the_gpu_can_do(gpu):
    assert torch.cuda.get_device_capability() == (9, 0)
    assert torch.cuda.get_device_capability("cuda:0") >= (8, 0)
    told = torch.cuda.get_device_properties(0)
    assert (told.name, told.major, told.minor, told.total_memory) == ("a GPU", 9, 0, 80 << 30)
    assert repr(told) == (
        "_CudaDeviceProperties(name='a GPU', major=9, minor=0, total_memory=81920MB, multi_processor_count=132)"
    )
    gpu.device_properties = None
    with pytest.raises(NotImplementedError, match="does not tell what its GPU can do"):
        torch.cuda.get_device_capability()


def test_streams_are_one(gpu):
    side, main = torch.cuda.Stream(), torch.cuda.current_stream()
    assert side == main == torch.cuda.default_stream(0)
    assert isinstance(side, torch.Stream)
    x = torch.ones(3)
    before = gpu.stats().round_trips
    with torch.cuda.stream(side):
        side.wait_stream(main)
        y = x * 2
    main.wait_stream(side)
    main.wait_event(side.record_event())
    assert gpu.stats().round_trips == before
    assert y.tolist() == [2, 2, 2]
    assert side.query()
    assert gpu.stats().round_trips > before
    with torch.cuda.stream(None):
        assert str(side.device) == "cuda:0"
    assert not torch.cuda.is_current_stream_capturing()


def test_an_event_without_timing_waits_only_when_it_is_asked(gpu):
    event = torch.cuda.Event()
    assert event.query()
    before = gpu.stats().round_trips
    event.record()
    event.wait()
    event.wait(torch.cuda.current_stream())
    assert gpu.stats().round_trips == before
    event.synchronize()
    assert gpu.stats().round_trips == before + 1
    assert event.query()


def test_the_time_between_events(gpu, monkeypatch):
    now = iter([1.0, 1.25])
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(True)
    with pytest.raises(RuntimeError, match="Both events must be recorded"):
        start.elapsed_time(end)
    before = gpu.stats().round_trips
    monkeypatch.setattr("teletensor.streams.time.perf_counter", lambda: next(now))
    start.record()
    end.record(torch.cuda.current_stream())
    assert gpu.stats().round_trips == before + 2
    assert start.elapsed_time(end) == 250
    with pytest.raises(ValueError, match="enable_timing=True"):
        start.elapsed_time(torch.cuda.Event())


def test_an_event_tells_what_failed_before_it(gpu):
    x = torch.ones(3)
    x.index_select(0, torch.tensor([7]))
    with pytest.raises(IndexError):
        torch.cuda.current_stream().synchronize()


def test_memory_by_pytorchs_names(gpu):
    kept = torch.zeros(1 << 18)
    stats = torch.cuda.memory_stats()
    assert stats["allocated_bytes.all.current"] >= kept.nbytes
    assert stats["allocated_bytes.all.peak"] >= stats["allocated_bytes.all.current"]
    assert torch.cuda.memory_stats_as_nested_dict()["allocated_bytes"]["all"].keys() == {"current", "peak"}
    lines = torch.cuda.memory_summary().splitlines()
    assert {len(line) for line in lines} == {65}
    assert "held by this session" in lines[4]
    with pytest.warns(FutureWarning, match="has been renamed to `torch.cuda.memory_reserved`"):
        assert torch.cuda.memory_cached() == torch.cuda.memory_reserved()
    with pytest.warns(FutureWarning, match="now calls torch.cuda.reset_peak_memory_stats") as told:
        torch.cuda.reset_max_memory_allocated()
    assert told[0].filename == __file__
    assert torch.accelerator.memory_allocated() == torch.cuda.memory_allocated()
    assert torch.accelerator.get_memory_info() == torch.cuda.mem_get_info()
    assert torch.accelerator.max_memory_allocated() >= kept.nbytes
    assert torch.accelerator.current_stream() == torch.cuda.current_stream()


def test_the_device_of_a_tensor(gpu):
    with torch.cuda.device_of(torch.ones(1)), torch.cuda.device_of(torch.ones(1, device="cpu")):
        assert torch.cuda.current_device() == 0
    assert not torch.cuda.can_device_access_peer(0, 0)


@pytest.mark.parametrize(
    "call",
    [
        lambda t: t.cuda.current_stream(), lambda t: t.cuda.get_device_capability(),
        lambda t: t.cuda.get_device_properties(0), lambda t: t.cuda.can_device_access_peer(0, 1),
    ],
)  # fmt: skip
def test_without_a_gpu_there_is_nothing_to_ask(call):
    with pytest.raises(AssertionError):
        call(torch)
    with pytest.raises(DeviceError):
        call(torch)


def test_without_a_gpu_as_pytorch_without_cuda():
    for library in (torch, pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")):
        cuda = library.cuda
        with cuda.stream(None), cuda.device_of(library.ones(1)):
            pass
        assert cuda.memory_stats() == {}
        assert (cuda.get_arch_list(), cuda.get_gencode_flags(), cuda.is_tf32_supported()) == ([], "", False)
        for make in (cuda.Stream, cuda.Event):
            with pytest.raises(RuntimeError):
                make()
        with pytest.warns(FutureWarning, match="max_memory_reserved"):
            assert cuda.max_memory_cached() == 0
        assert library.Stream("cpu").query()


def test_streams_of_this_process():
    stream = torch.Stream("cpu")
    assert stream == torch.Stream(device="cpu")
    assert repr(stream) == "torch.Stream device_type=cpu, device_index=-1, stream_id=0"
    with stream:
        event = stream.record_event(torch.Event(enable_timing=True))
    later = torch.Event("cpu", enable_timing=True)
    later.record()
    assert event.elapsed_time(later) >= 0


def test_streams_of_two_devices_wait_for_each_other(session):
    here, there = torch.Stream("cpu"), torch.Stream()
    assert there.device == session.device
    before = session.stats().round_trips
    here.wait_stream(there)
    event = there.record_event()
    here.wait_event(event)
    assert session.stats().round_trips == before + 2
    assert here != there
