"""Compiling loops, and calling them with arrays."""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from teletensor_core.formulas.expressions import Node
from teletensor_core.formulas.llvm import DATA_OFFSET, Parameter, loop

Kernel: TypeAlias = Callable[..., None]
# Compiled loops that are kept, of all programs.
_MOST = 1024
_compiling = threading.Lock()


@functools.cache
def available() -> bool:
    """Whether there is a compiler: `llvmlite`, and arrays that are laid out as they are in CPython.

    The environment's TELETENSOR_NATIVE=0 turns it off.
    """
    if os.environ.get("TELETENSOR_NATIVE", "1") == "0" or importlib.util.find_spec("llvmlite") is None:
        return False
    probe = np.zeros(1)
    return ctypes.c_void_p.from_address(id(probe) + DATA_OFFSET).value == probe.ctypes.data


def compiled(parameters: Sequence[Parameter], steps: Sequence[Node]) -> Kernel:
    """A function of (rows, columns, *arrays) that runs the loop without the interpreter's lock.

    The arrays must have the parameters' dtypes, be C-contiguous and not overlap, unless they are only read.
    """
    return _compiled(loop(parameters, steps), len(parameters))


def _compiled(source: str, count: int) -> Kernel:
    with _compiling:
        return _kernel(source, count)


@functools.lru_cache(maxsize=_MOST)
def _kernel(source: str, count: int) -> Kernel:
    import llvmlite.binding as llvm

    machine = _machine()
    module = llvm.parse_assembly(source)
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = True
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    prototype = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, *[ctypes.py_object] * count)
    function = prototype(engine.get_function_address("run"))
    # The code lives as long as its engine does.
    function.engine = engine  # type: ignore[attr-defined]
    return function


def _machine() -> Any:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    features = llvm.get_host_cpu_features().flatten()
    return target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=2)
