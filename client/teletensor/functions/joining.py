"""Tensors taken apart and put together along dimensions."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from typing import Any, overload

from teletensor_core.errors import ArgumentError, DimensionError, ShapeError
from teletensor_core.rules import normalize_dim

from teletensor import factories, ops
from teletensor.arguments import ints
from teletensor.functions.shapes import flatten, grown, reshape
from teletensor.graph import named
from teletensor.tensor import Tensor

__all__ = [
    "block_diag", "cartesian_prod", "chunk", "column_stack", "combinations", "dsplit", "dstack", "hsplit", "hstack",
    "meshgrid", "row_stack", "split", "split_with_sizes", "tensor_split", "unsafe_chunk", "unsafe_split",
    "unsafe_split_with_sizes", "vsplit", "vstack",
]  # fmt: skip
METHODS = ("chunk", "dsplit", "hsplit", "split", "split_with_sizes", "tensor_split", "unsafe_chunk", "unsafe_split",
           "unsafe_split_with_sizes", "vsplit")  # fmt: skip


@overload
def split(tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]: ...
@overload
def split(tensor: Tensor, *, split_size: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]: ...
def split(
    tensor: Tensor, split_size_or_sections: Any = None, dim: int = 0, *, split_size: Any = None
) -> tuple[Tensor, ...]:
    """Consecutive parts of a dimension: of one size (the last may be smaller), or of the given sizes."""
    wanted = ints(split_size_or_sections if split_size is None else split_size)
    if isinstance(wanted, tuple) and sum(wanted) != tensor.size(dim):
        raise ShapeError(
            f"split_with_sizes expects split_sizes to sum exactly to {tensor.size(dim)} (input tensor's size at "
            f"dimension {dim}), but got split_sizes={list(wanted)}"
        )
    return ops.split(tensor, wanted, dim)


def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Consecutive parts of the given sizes."""
    return split(input, split_sizes, dim)


def unsafe_split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """`split_with_sizes`; nothing is unsafe about it here."""
    return split(input, split_sizes, dim)


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` parts of equal size (the last may be smaller)."""
    if chunks <= 0:
        raise ShapeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    size = input.size(dim)
    return split(input, -(-size // chunks), dim) if size else split(input, (0,) * chunks, dim)


def unsafe_split(input: Tensor, split_size: int, dim: int = 0) -> tuple[Tensor, ...]:
    """`split`; nothing is unsafe about it here."""
    return split(input, split_size, dim)


def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """`chunk`; nothing is unsafe about it here."""
    return chunk(input, chunks, dim)


def tensor_split(input: Tensor, indices_or_sections: int | Sequence[int] | Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """Parts whose sizes differ by at most one, or the parts between indices. Waits when they are a tensor."""
    if isinstance(indices_or_sections, Tensor):
        indices_or_sections = indices_or_sections.tolist()
    at, wanted = normalize_dim(dim, input.ndim), ints(indices_or_sections)
    size = input.shape[at]
    if isinstance(wanted, int):
        if wanted <= 0:
            raise ShapeError(f"number of sections must be larger than 0, got {wanted}")
        bounds = list(itertools.accumulate(size // wanted + (i < size % wanted) for i in range(wanted)))[:-1]
    else:
        bounds = list(wanted)
    starts, ends = [0, *bounds], [*bounds, size]
    return tuple(ops.slice(input, at, s, e, 1) for s, e in zip(starts, ends, strict=True))


def hsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Parts side by side: of dimension 1, or of a vector."""
    return _equal_split("hsplit", input, indices_or_sections, 1 if input.ndim > 1 else 0, 1)


def vsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Parts one below the other: of dimension 0."""
    return _equal_split("vsplit", input, indices_or_sections, 0, 2)


def dsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Parts one behind the other: of dimension 2."""
    return _equal_split("dsplit", input, indices_or_sections, 2, 3)


def _equal_split(name: str, input: Tensor, wanted: int | Sequence[int], dim: int, least: int) -> tuple[Tensor, ...]:
    if input.ndim < least:
        raise DimensionError(
            f"torch.{name} requires a tensor with at least {least} dimension{'s' * (least > 1)}, but got a tensor with "
            f"{input.ndim} dimensions!"
        )
    if isinstance(wanted, int) and (wanted <= 0 or input.shape[dim] % wanted):
        raise ShapeError(
            f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension {input.shape[dim]} "
            f"is not divisible by the split_size {wanted}!"
        )
    return tensor_split(input, wanted, dim)


def hstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The tensors side by side: vectors end to end, others along dimension 1."""
    listed = [grown(x, 1) for x in tensors]
    if not listed:
        raise ShapeError("hstack expects a non-empty TensorList")
    return ops.cat(listed, 0 if listed[0].ndim == 1 else 1, out=out)


def vstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The tensors one below the other, vectors as rows."""
    return ops.cat([grown(x, 2) for x in tensors], 0, out=out)


row_stack = vstack


def dstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The tensors one behind the other, along dimension 2."""
    return ops.cat([grown(x, 3) for x in tensors], 2, out=out)


def column_stack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The tensors side by side, vectors as columns."""
    return ops.cat([x if x.ndim > 1 else reshape(x, (-1, 1)) for x in tensors], 1, out=out)


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Coordinate grids of one-dimensional tensors; with `indexing="xy"` the first two dimensions are exchanged."""
    if indexing is None:
        warnings.warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument.", stacklevel=2
        )
        indexing = "ij"
    if indexing not in ("ij", "xy"):
        raise ArgumentError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    single = len(tensors) == 1 and not isinstance(tensors[0], Tensor)
    listed: list[Tensor] = list(tensors[0]) if single else list(tensors)
    for x in listed:
        if x.ndim > 1:
            raise ShapeError(
                f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: one of shape {list(x.shape)}"
            )
    if indexing == "xy" and len(listed) > 1:
        listed[:2] = listed[1::-1]
    shape = tuple(x.numel() for x in listed)
    grids = [
        ops.expand(reshape(x, (1,) * i + (-1,) + (1,) * (len(shape) - 1 - i)), shape) for i, x in enumerate(listed)
    ]
    if indexing == "xy" and len(listed) > 1:
        grids[:2] = grids[1::-1]
    return tuple(grids)


def _require_vector(x: Tensor) -> None:
    if x.ndim != 1:
        raise ShapeError(f"Expect a 1D vector, but got shape {list(x.shape)}")


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """Every choice of one element from each vector, one choice a row; of a single vector, itself."""
    for x in tensors:
        _require_vector(x)
    if len(tensors) == 1:
        return tensors[0]
    return ops.stack([flatten(g) for g in meshgrid(*tensors, indexing="ij")], 1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """Every combination of `r` elements of a vector, one a row, in the order of itertools."""
    _require_vector(input)
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    picked = list(choose(range(input.numel()), r))
    if not picked or not r:
        return factories.empty(0, dtype=input.dtype, device=input.device)
    return ops.take(input, factories.tensor(picked, device=input.device))


@named("BlockDiagBackward0")
def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix with the tensors (of at most two dimensions) along its diagonal, zeros elsewhere."""
    blocks = [grown(x, 2) for x in tensors]
    width = sum(b.shape[1] for b in blocks)
    rows, at = [], 0
    for block in blocks:
        if block.ndim > 2:
            raise ShapeError("torch.block_diag: Input tensors must have 2 or fewer dimensions.")
        rows.append(ops.constant_pad(block, (at, width - at - block.shape[1], 0, 0)))
        at += block.shape[1]
    return ops.cat(rows, 0)
