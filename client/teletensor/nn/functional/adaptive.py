"""Pooling over windows chosen so that the output has a given size."""

from collections.abc import Sequence
from typing import Any

from teletensor import ops
from teletensor.tensor import Tensor

OutputSize = int | None | Sequence[int | None]


def adaptive_avg_pool1d(input: Tensor, output_size: OutputSize) -> Tensor:
    """Means over windows chosen so that (N, C, L) becomes (N, C, output_size)."""
    return ops.adaptive_avg_pool(input, output_size=_output_size(input, output_size, 1))


def adaptive_avg_pool2d(input: Tensor, output_size: OutputSize) -> Tensor:
    """Means over windows chosen so that the last two sizes become `output_size`.

    None keeps the input's size in that dimension.
    """
    return ops.adaptive_avg_pool(input, output_size=_output_size(input, output_size, 2))


def adaptive_avg_pool3d(input: Tensor, output_size: OutputSize) -> Tensor:
    """Means over windows chosen so that the last three sizes become `output_size`.

    None keeps the input's size in that dimension.
    """
    return ops.adaptive_avg_pool(input, output_size=_output_size(input, output_size, 3))


def adaptive_max_pool1d(input: Tensor, output_size: OutputSize, return_indices: bool = False) -> Any:
    """Maxima over windows chosen so that (N, C, L) becomes (N, C, output_size)."""
    both = ops.adaptive_max_pool(input, output_size=_output_size(input, output_size, 1))
    return both if return_indices else both[0]


def adaptive_max_pool2d(input: Tensor, output_size: OutputSize, return_indices: bool = False) -> Any:
    """Maxima over windows chosen so that the last two sizes become `output_size`.

    With `return_indices`, a pair: values and their int64 positions in the flattened last two
    dimensions.
    """
    both = ops.adaptive_max_pool(input, output_size=_output_size(input, output_size, 2))
    return both if return_indices else both[0]


def adaptive_max_pool3d(input: Tensor, output_size: OutputSize, return_indices: bool = False) -> Any:
    """Maxima over windows chosen so that the last three sizes become `output_size`.

    With `return_indices`, a pair: values and their int64 positions in the flattened last three
    dimensions.
    """
    both = ops.adaptive_max_pool(input, output_size=_output_size(input, output_size, 3))
    return both if return_indices else both[0]


def _output_size(input: Tensor, sizes: OutputSize, ndim: int) -> tuple[int, ...]:
    wanted = (sizes,) * ndim if sizes is None or isinstance(sizes, int) else tuple(sizes)
    if len(wanted) == 1:
        wanted *= ndim
    if len(wanted) != ndim or input.ndim < ndim:
        raise ValueError("Input dimension should be at least " + str(len(wanted) + 1))
    present = input.shape[-ndim:]
    return tuple(had if size is None else size for size, had in zip(wanted, present, strict=True))
