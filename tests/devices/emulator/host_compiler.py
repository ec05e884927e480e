"""Compiles the kernels that CuPy asks for with the host's compiler, once NVIDIA's compiler has taken them."""

import functools
import hashlib
import os
import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.devices.emulator import nvrtc
from tests.devices.emulator.building import COMPILE, FUSED, HEADER, header_options
from tests.devices.emulator.places import KERNELS, SOURCES, cuda_headers

_BARRIERS = re.compile(r"__syncthreads|__syncwarp|_sync\s*\(")
_DYNAMIC_SHARED = re.compile(r"extern\s+__shared__\s+([\w:<> ]+?)\s+(\w+)\s*\[\s*\]\s*;")
_KERNEL = re.compile(r'extern\s+"C"\s+__global__\s+(?:__launch_bounds__\s*\([^)]*\)\s*)?void\s+(\w+)\s*\(')


class HostCompileError(Exception):
    """The host's compiler refused a kernel."""


@dataclass
class Statistics:
    """What compiling has cost this process."""

    compiled: int = 0
    found: int = 0
    seconds: float = 0.0
    gated: int = 0
    gate_seconds: float = 0.0


statistics = Statistics()

# The architectures that NVIDIA's compiler must take a kernel for: one of the project's own; or one of the many that
# CuPy writes, for the oldest architecture, which has the fewest instructions.
OWN, OTHERS = ("75", "80", "90"), ("75",)


def compile_source(text: str, options: Sequence[str], expressions: Sequence[str]) -> tuple[bytes, dict[str, str]]:
    """A module image for the emulated driver, and the name of each expression's kernel in it."""
    launchers, names = _launchers(text, expressions)
    program = _DYNAMIC_SHARED.sub(r"\1* \2 = (\1*)emulator_shared_memory;", text) + "\n" + launchers
    flags = _flags(text, options)
    path = KERNELS / f"{_key(program, flags)}.so"
    _pass_gate(path, text, options, expressions)
    if path.exists():
        statistics.found += 1
    else:
        started = time.perf_counter()
        _compile(program, flags, path)
        statistics.compiled += 1
        statistics.seconds += time.perf_counter() - started
    return b"CUDA-EMULATOR:" + os.fsencode(path) + b"\0", names


def _pass_gate(path: Path, text: str, options: Sequence[str], expressions: Sequence[str]) -> None:
    """Have NVIDIA's compiler take the source, once for each architecture."""
    for architecture in OWN if "teletensor" in text else OTHERS:
        passed = path.with_suffix(f".sm_{architecture}")
        if not passed.exists():
            started = time.perf_counter()
            _gate(architecture).check(text, options, expressions)
            KERNELS.mkdir(parents=True, exist_ok=True)
            passed.touch()
            statistics.gated += 1
            statistics.gate_seconds += time.perf_counter() - started


@functools.cache
def _gate(architecture: str) -> nvrtc.Gate:
    return nvrtc.Gate(architecture)


def _launchers(text: str, expressions: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Entry points for each kernel: it takes its arguments as the driver does, and tells their sizes."""
    stacks = int(bool(_BARRIERS.search(text)))
    kernels = {name: name for name in _KERNEL.findall(text)}
    names = {expression: f"expression_{i}" for i, expression in enumerate(expressions)}
    kernels.update({name: expression for expression, name in names.items()})
    launcher = (
        'extern "C" void emulator_launch_{0}(void** arguments) {{ emulator_launch(&{1}, arguments, {2}); }}\n'
        'extern "C" const unsigned* emulator_sizes_{0}() {{ return emulator_sizes(&{1}); }}\n'
    )
    return "".join(launcher.format(name, kernel, stacks) for name, kernel in kernels.items()), names


def _flags(text: str, options: Sequence[str]) -> list[str]:
    exact = "-fmad=false" in options
    given = [option for option in options if option.startswith(("-I", "-D"))]
    # The header was parsed for CuPy's own kernels as they are usually compiled; for others it is parsed again.
    usual = "#include <cupy/complex.cuh>" in text and not exact and not any(o.startswith("-D") for o in given)
    header = HEADER if usual else SOURCES / "device.h"
    contraction = ("-mfma", "-ffp-contract=off") if exact else FUSED
    return [*COMPILE, *contraction, "-include", str(header), *given, *header_options()]


def _key(program: str, flags: Sequence[str]) -> str:
    return hashlib.sha256("\0".join((program, *flags, _header_digest())).encode()).hexdigest()[:32]


@functools.cache
def _header_digest() -> str:
    return hashlib.sha256((SOURCES / "device.h").read_bytes()).hexdigest()


def _compile(program: str, flags: Sequence[str], path: Path) -> None:
    KERNELS.mkdir(parents=True, exist_ok=True)
    source, made = path.with_suffix(".cpp"), path.with_suffix(f".{os.getpid()}")
    source.write_text(program)
    # The libraries are in this process already; to search them takes as long as to compile a small kernel.
    link = ("-shared", "-nostdlib", "-lgcc")
    command = ["g++", *flags, f"-I{cuda_headers()}", "-o", str(made), str(source), *link]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if "error" in line]
        raise HostCompileError(f"{source}\n" + "\n".join(errors[:12]))
    os.replace(made, path)
