"""Kernels that work in blocks: `*.cu` files, their C++ templates instantiated for each dtype."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any

import numpy as np

# The CUDA C++ name of each NumPy dtype that kernels are instantiated for.
C_NAMES = {
    "bool": "bool",
    "uint8": "unsigned char",
    "int8": "signed char",
    "int16": "short",
    "int32": "int",
    "int64": "long long",
    "float32": "float",
    "float64": "double",
}


def source(name: str) -> str:
    """The text of `<name>.cu`."""
    return resources.files(__package__).joinpath(f"{name}.cu").read_text(encoding="utf-8")


@functools.cache
def kernel(module: str, template: str, *arguments: str) -> Any:
    """The kernel `template<arguments...>` of a module, compiled on first use."""
    import cupy

    expression = f"teletensor::{template}<{', '.join(arguments)}>"
    made = cupy.RawModule(code=source(module), options=("-std=c++17",), name_expressions=(expression,))
    return made.get_function(expression)


def c_name(dtype: np.dtype[Any]) -> str:
    """How CUDA C++ calls a dtype."""
    return C_NAMES[dtype.name]
