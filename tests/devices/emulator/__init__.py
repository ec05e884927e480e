"""Runs the installed, unmodified CuPy wheel on a machine without a GPU.

    from tests.devices import emulator
    cupy = emulator.install()        # before the first `import cupy`

CuPy's dispatch, promotion, indexing, memory pool, errors and the kernels it generates are the shipped code; kernels are
compiled by the host's compiler and run thread by thread. What it cannot show is in docs/gpu.md.

    CUDA_EMULATOR_ORDER=0|1|N        threads run forwards, backwards, or shuffled with seed N
    CUDA_EMULATOR_MEMORY_BYTES       how much memory the device has (4 GiB)
    CUDA_EMULATOR_PINNED_BYTES       how much of the host's memory can be pinned (all)
    CUDA_EMULATOR_CAPABILITY=80      its compute capability
    CUDA_EMULATOR_TRACE=1            print every launch
"""

import contextlib
import ctypes
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from tests.devices.emulator import building, host_compiler, stand_ins
from tests.devices.emulator.places import BUILD

_COUNTERS = ("allocations", "frees", "to_device", "to_host", "on_device", "waits")


class _RuntimeFinder(importlib.abc.MetaPathFinder):
    """Finds our wrapper of the CUDA runtime where CuPy's own would be found."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name != building.WRAPPER:
            return None
        loader = importlib.machinery.ExtensionFileLoader(name, str(building.RUNTIME))
        return importlib.util.spec_from_file_location(name, str(building.RUNTIME), loader=loader)


def install() -> Any:
    """CuPy on the emulated device. Builds the emulator if it is not there."""
    if building.WRAPPER in sys.modules:
        raise RuntimeError("CuPy was imported before the emulator was installed")
    building.build()
    # CUB's kernels are precompiled for GPUs: reductions take CuPy's other way.
    os.environ["CUPY_ACCELERATORS"] = ""
    os.environ["CUPY_CACHE_DIR"] = str(BUILD / "cupy_cache")
    for library in (building.DRIVER, BUILD / "libcublasLt.so.13", building.BLAS, BUILD / "libnvJitLink.so.13"):
        ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
    sys.meta_path.insert(0, _RuntimeFinder())
    sys.modules["cupy.cuda.thrust"] = stand_ins.thrust()
    import cupy

    cupy.cuda.thrust = sys.modules["cupy.cuda.thrust"]
    stand_ins.install_linalg(cupy)
    stand_ins.install_fft(cupy)
    _compile_here()
    return cupy


def _compile_here() -> None:
    """Take the place of CuPy's compile step: source in, loaded module out."""
    from cupy.cuda import compiler, function

    def compile_module(
        source: str,
        options: Sequence[str] = (),
        *,
        name_expressions: Sequence[str] | None = None,
        **rest: Any,
    ) -> Any:
        image, names = host_compiler.compile_source(source, options, name_expressions or ())
        module = function.Module()
        module.load(image)
        module._set_mapping(names)
        return module

    compiler._compile_module_with_cache = compile_module


@contextlib.contextmanager
def order(wanted: int) -> Iterator[None]:
    """Run threads forwards (0), backwards (1), or shuffled with a seed; forwards again afterwards."""
    driver = ctypes.CDLL(str(building.DRIVER))
    driver.emulator_set_order(wanted)
    try:
        yield
    finally:
        driver.emulator_set_order(0)


def counts() -> dict[str, int]:
    """What the device has been asked for so far: copies by direction, waits, allocations, launches; graphs, too."""
    runtime, driver = ctypes.CDLL(str(building.RUNTIME)), ctypes.CDLL(str(building.DRIVER))
    runtime.emulator_counter.restype = ctypes.c_long
    found = {name: int(runtime.emulator_counter(i)) for i, name in enumerate(_COUNTERS)}
    launches = {name: ctypes.c_long.in_dll(driver, f"emulator_{name}").value for name in ("launches", "graph_launches")}
    return {**found, **launches}
