"""The CuPy backend: what it allocates, how it copies, and what it raises when."""

import subprocess
import sys

import ml_dtypes
import numpy as np
import pytest
from teletensor_core.backends import Named, create_backend
from teletensor_core.engine import Engine, Value
from teletensor_core.errors import ArgumentError, DeviceError, DimensionError, LinAlgError
from teletensor_core.registry import OPS
from teletensor_core.spec import spec

from tests.devices import emulator

MIB = 1 << 20


def value(backend, host):
    from teletensor_core.dtypes import BY_NP

    return Value(backend.asarray(host), spec(host.shape, BY_NP[host.dtype]))


def run(engine, name, *operands, **attrs):
    op = OPS[name]
    return engine.apply(op, operands, tuple({**op.attrs, **attrs}.values()), 0)


@pytest.mark.parametrize("dtype", ["bool", "int16", "float16", ml_dtypes.bfloat16, "float64", "complex64"])
@pytest.mark.parametrize("shape", [(), (0, 3), (3, 4), (300, 400)])
def test_copies_there_and_back(backend, shape, dtype):
    host = (np.arange(np.prod(shape, dtype=int)).reshape(shape) % 3).astype(dtype)
    device = backend.asarray(host)
    np.testing.assert_array_equal(backend.to_host(device), host)
    np.testing.assert_array_equal(backend.to_host(device.T), host.T)


def test_a_pinned_buffer_is_copied_without_a_detour(backend, cupy):
    """Uploads are received into pinned memory, which the device reads itself."""
    buffer = backend.host_buffer((MIB,), np.dtype("uint8"))
    assert cupy.cuda.pinned_memory.is_memory_pinned(buffer.ctypes.data)
    buffer[:] = 7
    assert int(backend.asarray(buffer).sum()) == 7 * MIB
    assert not cupy.cuda.pinned_memory.is_memory_pinned(backend.host_buffer((8,), np.dtype("uint8")).ctypes.data)


def test_without_memory_to_pin_copies_take_the_detour(backend, cupy, monkeypatch):
    """The host may have pinned all that it will: transfers are slower then, and no error."""
    backend.free_pools()
    monkeypatch.setenv("CUDA_EMULATOR_PINNED_BYTES", "0")
    buffer = backend.host_buffer((MIB,), np.dtype("uint8"))
    assert not cupy.cuda.pinned_memory.is_memory_pinned(buffer.ctypes.data)
    buffer[:] = 7
    with pytest.warns(cupy._util.PerformanceWarning, match="pinned memory"):
        device = backend.asarray(buffer)
    np.testing.assert_array_equal(backend.to_host(device), buffer)
    monkeypatch.delenv("CUDA_EMULATOR_PINNED_BYTES")
    assert cupy.cuda.pinned_memory.is_memory_pinned(backend.host_buffer((MIB,), np.dtype("uint8")).ctypes.data)


def test_memory_is_told_and_given_back(backend):
    backend.free_pools()
    before = backend.memory_info()
    x = backend.asarray(np.zeros(MIB, "uint8"))
    held = backend.memory_info()
    assert held["allocated"] - before["allocated"] == MIB
    assert held["free"] <= before["free"] - MIB
    del x
    backend.free_pools()
    assert backend.memory_info()["free"] == before["free"]
    assert held["total"] == before["total"] == 4 << 30


@pytest.fixture
def small_device(backend, monkeypatch):
    """A device with room for 16 MiB beside what is there."""
    backend.free_pools()
    info = backend.memory_info()
    monkeypatch.setenv("CUDA_EMULATOR_MEMORY_BYTES", str(info["total"] - info["free"] + 16 * MIB))
    return backend


def test_out_of_memory_leaves_the_device_usable(small_device):
    engine = Engine(small_device)
    x = value(small_device, np.ones(MIB, "float32"))
    with pytest.raises(small_device.out_of_memory_errors):
        run(engine, "repeat", x, repeats=(8,))
    (y,) = run(engine, "add", x, x)
    assert small_device.to_host(y.array)[0] == 2


def test_an_op_is_tried_again_when_pools_are_freed(small_device, cupy):
    """Fragments in the pool are in the way the first time, and not the second."""
    engine, attempts = Engine(small_device), []
    x = value(small_device, np.ones(MIB, "float32"))

    def once_too_big(xp, input):
        attempts.append(small_device.memory_info()["reserved"])
        if len(attempts) == 1:
            temporary = cupy.empty(4 * MIB, "uint8")
            raise cupy.cuda.memory.OutOfMemoryError(MIB, temporary.nbytes)
        return input + 1

    op = OPS["square"]
    kernel, op.kernel = op.kernel, once_too_big
    try:
        (y,) = run(engine, "square", x)
    finally:
        op.kernel = kernel
    assert small_device.to_host(y.array)[0] == 2
    assert len(attempts) == 2
    assert attempts[1] == attempts[0]  # what the failed attempt had allocated was given back


def test_an_index_out_of_bounds_is_raised_at_the_next_read(backend):
    engine = Engine(backend)
    table, at = value(backend, np.ones((5, 2), "float32")), value(backend, np.array([1, 9, 12]))
    waits = emulator.counts()
    (rows,) = run(engine, "embedding", table, at)
    assert {k: emulator.counts()[k] for k in ("to_host", "waits")} == {k: waits[k] for k in ("to_host", "waits")}
    with pytest.raises(DimensionError, match="index out of range in self: index 9, size 5"):
        backend.to_host(table.array)
    assert backend.to_host(rows.array).shape == (3, 2)


def test_synchronize_raises_it_too(backend):
    backend.xp.check_bounds(backend.asarray(np.array([-1])), 3, "Target {index} is out of bounds.", negative=False)
    with pytest.raises(DimensionError, match="Target -1 is out of bounds"):
        backend.synchronize()
    backend.synchronize()


def test_it_names_what_ran_when_it_was_checked(backend):
    running = [Named("take(float32[3], int64[1])", "train.py:7")]
    session = backend.for_session(lambda: running[-1])
    for index in (1, 3, 4):
        running.append(Named(f"take(float32[{index}])", f"train.py:{index}"))
        session.xp.check_bounds(session.asarray(np.array([index])), 3, "index {index} of {size}")
    with pytest.raises(DimensionError, match="index 3") as caught:
        session.synchronize()
    assert (caught.value.command, caught.value.where) == running[2]


def test_it_stays_with_the_session_at_fault(backend):
    one, other = backend.for_session(), backend.for_session()
    one.xp.check_bounds(one.asarray(np.array([3])), 3, "index {index} of {size}")
    other.xp.check_bounds(other.asarray(np.array([2])), 3, "index {index} of {size}")
    other.synchronize()
    with pytest.raises(DimensionError):
        one.synchronize()


def test_many_checks_need_no_more_memory(backend):
    for size in range(1, 9000):
        backend.faults.site("take()", size)
    assert len(backend.faults._sites) <= 4097


def test_a_probability_out_of_range_is_raised(backend):
    backend.xp.check_unit(backend.asarray(np.array([0.5, 1.5])), "all elements of input")
    with pytest.raises(ArgumentError, match=r"all elements of input should be between 0 and 1, got 1\.5"):
        backend.synchronize()


def test_a_requirement_that_is_not_met_is_raised(backend):
    backend.xp.check_all(backend.asarray(np.array([True, False])), "Expected everything to be well")
    with pytest.raises(ArgumentError, match="Expected everything to be well"):
        backend.synchronize()


def test_a_singular_matrix_is_an_error_of_the_op(backend):
    with pytest.raises(LinAlgError):
        run(Engine(backend), "inv", value(backend, np.zeros((2, 2), "float32")))


def test_there_is_no_other_gpu():
    with pytest.raises(DeviceError, match="there is no GPU 1 here: CuPy sees 1"):
        create_backend("cupy", 1)


def test_auto_takes_the_gpu(backend):
    assert create_backend("auto").name == "cupy"
    assert backend.device_name == "CUDA emulator (not a GPU)"


def test_auto_falls_back_without_a_word():
    """The CuPy wheel as it is, on this machine without a driver."""
    program = (
        "from teletensor_core.backends import create_backend, Backend\n"
        "assert create_backend('auto').name == 'numpy'\n"
        "try: create_backend('cupy')\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "DeviceError there is no GPU 0 here: CuPy sees 0"
    assert done.stderr == ""
