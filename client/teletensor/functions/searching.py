"""Distinct elements, and places among sorted ones."""

from __future__ import annotations

from typing import Any, Literal, overload

from teletensor_core import dtypes
from teletensor_core.errors import ArgumentError
from teletensor_core.rules import normalize_dim

from teletensor import factories, ops
from teletensor.functions.differences import diff
from teletensor.functions.shapes import movedim, reshape
from teletensor.out import store
from teletensor.tensor import Tensor
from teletensor.types import Operand

__all__ = ["bucketize", "msort", "searchsorted", "unique", "unique_consecutive"]
METHODS = ("msort", "unique", "unique_consecutive")


# -- distinct elements -------------------------------------------------------------------------------------------------


@overload
def unique(
    input: Tensor, sorted: bool = True, return_inverse: Literal[False] = False, return_counts: Literal[False] = False,
    dim: int | None = None,
) -> Tensor: ...  # fmt: skip
@overload
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any: ...
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The distinct elements in order (or distinct slices of `dim`). Waits: how many there are is data.

    With `return_inverse`, `return_counts`: a tuple with where each element is among them, and how often each occurs.
    """
    values, inverse, counts = ops.unique(
        input, True, True, True, None if dim is None else normalize_dim(dim, input.ndim)
    )
    return _chosen(values, inverse if return_inverse else None, counts if return_counts else None)


@overload
def unique_consecutive(
    input: Tensor, return_inverse: Literal[False] = False, return_counts: Literal[False] = False, dim: int | None = None
) -> Tensor: ...
@overload
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any: ...
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The elements (or slices of `dim`) without those equal to the one before. Waits.

    With `return_inverse`, `return_counts`: a tuple with the run each element is in, and how long each run is.
    """
    rows = reshape(input, (-1,)) if dim is None else movedim(input, dim, 0)
    flat = rows if rows.ndim == 1 else reshape(rows, (rows.shape[0], -1))
    changed = ops.ne(flat[1:], flat[:-1])
    begins = ops.constant_pad(changed if flat.ndim == 1 else ops.any(changed, 1), (1, 0), True)
    begins = begins[: rows.shape[0]]
    starts = ops.select(ops.nonzero(begins), 1, 0)
    values = ops.index_select(rows, 0, starts)
    inverse = ops.sub(ops.cumsum(begins, 0), 1) if return_inverse else None
    counts = diff(starts, append=factories.tensor([rows.shape[0]], device=input.device)) if return_counts else None
    if dim is None:
        inverse = None if inverse is None else reshape(inverse, input._spec.shape)
    else:
        values = movedim(values, 0, dim)
    return _chosen(values, inverse, counts)


def _chosen(values: Tensor, inverse: Tensor | None, counts: Tensor | None) -> Any:
    wanted = [x for x in (inverse, counts) if x is not None]
    return (values, *wanted) if wanted else values


# -- order -------------------------------------------------------------------------------------------------------------


def msort(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements in order along the first dimension."""
    made = ops.sort(input, 0).values
    return made if out is None else store(made, out)


def searchsorted(
    sorted_sequence: Tensor, input: Operand, *, out_int32: bool = False, right: bool = False, side: str | None = None,
    sorter: Tensor | None = None, out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Where each value would be put into its (innermost) sorted sequence to keep it sorted: int64, or int32.

    Among equal elements before the first, or with `right=True` or `side="right"` after the last.
    """
    if side not in (None, "left", "right"):
        raise ArgumentError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise ArgumentError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left while right=True"
        )
    if sorter is not None:
        sorted_sequence = ops.gather(sorted_sequence, -1, sorter)
    values = input if isinstance(input, Tensor) else factories.tensor(input, device=sorted_sequence.device)
    made = ops.searchsorted(sorted_sequence, values, right=right or side == "right")
    made = made.to(dtypes.int32) if out_int32 else made
    return made if out is None else store(made, out)


def bucketize(
    input: Operand, boundaries: Tensor, *, out_int32: bool = False, right: bool = False, out: Tensor | None = None
) -> Tensor:
    """The number of the bucket that each value falls into, between sorted boundaries: int64, or int32."""
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)
