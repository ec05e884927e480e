"""Formulas that write into their arrays, as one loop of machine code: optimisers' steps."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from teletensor_core.formulas.expressions import Node, Symbol, SymbolicNamespace, in_order
from teletensor_core.formulas.llvm import Parameter, supports
from teletensor_core.formulas.native import Kernel, available, compiled

# Below this many elements NumPy's calls are no dearer than preparing one of ours.
_FEWEST = 256
# Any sizes would do: they stand for those of all arrays.
_SHAPE = (2,)


def run(
    xp: Any, formula: Callable[..., None], arrays: Sequence[Any], numbers: Sequence[Any], written: Sequence[int]
) -> bool:
    """Run `formula(xp, *arrays, *numbers)` as one loop; False, and nothing done, where that cannot be.

    The arrays that are not None must be dense, apart, of one shape and one floating type; `written` are written into.
    """
    present = [x for x in arrays if x is not None]
    first = present[0]
    if first.size < _FEWEST or first.dtype.char not in "fd" or not available():
        return False
    if not all(x.dtype == first.dtype and x.shape == first.shape and x.flags.c_contiguous for x in present):
        return False
    if not all(isinstance(x, float) or x is None for x in numbers):
        return False
    if any(np.may_share_memory(a, b) for a, b in itertools.combinations(present, 2)):
        return False
    have = tuple(x is not None for x in (*arrays, *numbers))
    backend: Any = type(xp)
    kernel = _kernel(backend, xp.common, formula, first.dtype, have, len(arrays), tuple(written))
    kernel(1, first.size, *present, *[np.asarray(x, first.dtype) for x in numbers if x is not None])
    return True


@functools.lru_cache(maxsize=64)
def _kernel(
    backend: Any,
    common: type,
    formula: Callable[..., None],
    dtype: np.dtype[Any],
    have: tuple[bool, ...],
    arrays: int,
    written: tuple[int, ...],
) -> Kernel:
    leaves = [Node("leaf", (), dtype, _SHAPE if i < arrays else ()) if there else None for i, there in enumerate(have)]
    # A step that changes nothing stands before what is written to: a leaf itself stays what it is.
    symbols = [
        None if leaf is None else Symbol(Node("cast", (leaf,), dtype, leaf.shape) if i in written else leaf)
        for i, leaf in enumerate(leaves)
    ]
    formula(SymbolicNamespace(backend, common), *symbols)
    parameters = []
    for i, (leaf, symbol) in enumerate(zip(leaves, symbols, strict=True)):
        if leaf is not None and symbol is not None:
            array = i < arrays
            parameters.append(Parameter(dtype, array, array, leaf, symbol.node if i in written else None))
    steps = [node for node in in_order([p.written for p in parameters if p.written is not None]) if node.name != "leaf"]
    assert all(map(supports, steps)), f"{formula.__name__} takes steps that are not exact"
    return compiled(parameters, steps)
