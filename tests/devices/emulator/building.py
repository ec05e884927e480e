"""Builds the emulator for the CuPy wheel of this interpreter.

One extension of the wheel, the wrapper of the CUDA runtime, links NVIDIA's library statically. It is translated again
from CuPy's source distribution and linked with runtime.cpp instead. Everything else of CuPy is the shipped binary: it
finds the driver and cuBLAS by their names, and is given driver.cpp (with graphs.cpp) and blas.cpp under these.
"""

import hashlib
import importlib.machinery
import importlib.util
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Sequence
from pathlib import Path

from tests.devices.emulator.places import BUILD, CUPY, SDIST, SOURCES, cuda_headers

RUNTIME = BUILD / "runtime.so"
DRIVER = BUILD / "libcuda.so.1"
BLAS = BUILD / "libcublas.so.13"
HEADER = BUILD / "device.h"
WRAPPER = "cupy_backends.cuda.api.runtime"

# The way NVRTC compiles: one rounding for a multiplication and an addition, unless the kernel asks for two.
FUSED = ("-mfma", "-ffp-contract=fast")
COMPILE = ("-std=c++17", "-O1", "-fexpensive-optimizations", "-fno-strict-aliasing", "-w", "-fPIC")

_COMPILE_TIME = {
    "CUPY_USE_CUDA_PYTHON": False,
    "CUPY_CUFFT_STATIC": False,
    "CUPY_CYTHON_VERSION": "3.2.4",
    "CUPY_CUDA_VERSION": 13020,
    "CUPY_HIP_VERSION": 0,
}
# The functions of atomics.cuh are static here: a kernel that does not call them does not compile them.
_COMMON_HEADERS = """#include "{device}"
#include <cupy/complex.cuh>
#include <cupy/carray.cuh>
#undef __device__
#define __device__ static
#include <cupy/atomics.cuh>
#undef __device__
#define __device__
#include <cupy/math_constants.h>
"""
_DIRECTIVES = {
    "warn.deprecated.IF": False,
    "freethreading_compatible": True,
    "binding": False,
    "c_api_binop_methods": True,
    "embedsignature": True,
}


def build() -> None:
    """Build what is missing or older than its sources."""
    stamp, wanted = BUILD / "stamp", _fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    BUILD.mkdir(parents=True, exist_ok=True)
    _build_driver()
    _build_runtime()
    _build_blas()
    for name in ("libcublasLt.so.13", "libnvJitLink.so.13"):
        _link_stubs(BUILD / name, name, [], [])
    _precompile_header()
    stamp.write_text(wanted)


def header_options() -> list[str]:
    """Where a kernel's headers are: CuPy's own and CUDA's."""
    include = Path(_spec("cupy").submodule_search_locations[0]) / "_core" / "include"
    bundled = [include / "cupy" / "_cccl" / name for name in ("cub", "thrust", "libcudacxx")]
    return [f"-I{folder}" for folder in (*bundled, include, cuda_headers())]


def _fingerprint() -> str:
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted((*SOURCES.iterdir(), Path(__file__))):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _build_driver() -> None:
    _run(
        "g++",
        "-std=c++17",
        "-O2",
        "-fPIC",
        "-shared",
        "-o",
        DRIVER,
        "-Wl,-soname,libcuda.so.1",
        SOURCES / "driver.cpp",
        SOURCES / "graphs.cpp",
        "-ldl",
    )


def _build_runtime() -> None:
    source = _unpacked_sdist()
    wrapper = source / (WRAPPER.replace(".", "/") + ".pyx")
    _translate(source, wrapper)
    (BUILD / "include").mkdir(exist_ok=True)
    (BUILD / "include" / "cuda_profiler_api.h").write_text(
        "#pragma once\n#include <cuda_runtime_api.h>\n"
        'extern "C" cudaError_t cudaProfilerStart(void);\nextern "C" cudaError_t cudaProfilerStop(void);\n'
    )
    headers = [f"-I{BUILD / 'include'}", f"-I{cuda_headers()}", f"-I{sysconfig.get_paths()['include']}"]
    made, ours = BUILD / "wrapper.o", BUILD / "runtime.o"
    _run(
        "g++",
        "-O1",
        "-fPIC",
        "-w",
        "-c",
        wrapper.with_suffix(".cpp"),
        *headers,
        f"-I{source / 'cupy_backends'}",
        "-o",
        made,
    )
    _run("g++", "-std=c++17", "-O1", "-fPIC", "-w", "-c", SOURCES / "runtime.cpp", *headers, "-o", ours)
    missing = {name for name in _symbols(made, "U") if name.startswith("cuda")} - _symbols(ours, "T")
    _link_stubs(RUNTIME, None, [made, ours], sorted(missing), answer=801)


def _unpacked_sdist() -> Path:
    folder = BUILD / f"cupy-{CUPY}"
    if not folder.exists():
        with tarfile.open(SDIST / f"cupy-{CUPY}.tar.gz") as archive:
            archive.extractall(BUILD, filter="data")
    return folder


def _translate(source: Path, wrapper: Path) -> None:
    """Cython to C++, as CuPy's own build does it."""
    program = (
        "from Cython.Build import cythonize; from setuptools import Extension\n"
        f"extension = Extension({WRAPPER!r}, [{str(wrapper.relative_to(source))!r}], language='c++')\n"
        f"cythonize([extension], language_level=3, force=True, quiet=True, compile_time_env={_COMPILE_TIME!r}, "
        f"compiler_directives={_DIRECTIVES!r})"
    )
    _run(sys.executable, "-c", program, cwd=source)


def _build_blas() -> None:
    """A library with the symbols that CuPy's cuBLAS wrapper wants, under the version names that it wants."""
    suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
    wrapper = Path(_spec("cupy_backends").submodule_search_locations[0]) / "cuda" / "libs" / f"cublas{suffix}"
    ours = BUILD / "blas.o"
    _run("g++", "-std=c++17", "-O3", "-fPIC", "-w", "-c", SOURCES / "blas.cpp", "-o", ours)
    wanted = _run("nm", "-D", "--undefined-only", wrapper).split()
    wanted = {name.partition("@")[0] for name in wanted if name.endswith(f"@{BLAS.name}")}
    _link_stubs(BLAS, BLAS.name, [ours], sorted(wanted - _symbols(ours, "T")), answer=15)


def _link_stubs(
    out: Path, soname: str | None, objects: Sequence[Path], missing: Sequence[str], answer: int = 0
) -> None:
    """A shared library of objects, and of functions that answer "not supported"."""
    stubs = out.with_suffix(".stubs.cpp")
    stubs.write_text(
        "".join(f'extern "C" int {name}() {{ return {answer}; }}\n' for name in missing) or "int unused;\n"
    )
    options: list[str | Path] = []
    if soname:
        version = out.with_suffix(".map")
        version.write_text(f"{soname} {{ global: *; }};\n")
        options = [f"-Wl,-soname,{soname}", f"-Wl,--version-script={version}"]
    _run("g++", "-fPIC", "-shared", "-w", "-o", out, stubs, *objects, *options)


def _precompile_header() -> None:
    """device.h and CuPy's headers, parsed once: a kernel then takes less than a tenth of a second."""
    HEADER.write_text(_COMMON_HEADERS.format(device=SOURCES / "device.h"))
    _run("g++", *COMPILE, *FUSED, *header_options(), "-x", "c++-header", "-o", f"{HEADER}.gch", HEADER)


def _symbols(path: Path, kind: str) -> set[str]:
    lines = (line.split() for line in _run("nm", path).splitlines())
    return {parts[-1] for parts in lines if len(parts) > 1 and parts[-2] == kind}


def _spec(package: str) -> importlib.machinery.ModuleSpec:
    found = importlib.util.find_spec(package)
    assert found is not None, f"{package} is not installed in {sys.prefix}"
    return found


def _run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{' '.join(map(str, command))}\n{done.stderr[-4000:]}")
    return done.stdout
