"""Maxima over windows that begin at pseudorandom places, as in "Fractional Max-Pooling" (Graham, 2014)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from teletensor_core import dtypes

from teletensor import factories, ops
from teletensor.functions.shapes import reshape
from teletensor.nn.functional.sizes import Sizes, expand
from teletensor.tensor import Tensor

Pooled = tuple[Tensor, Tensor]


def _pooled(
    n: int, input: Tensor, kernel_size: Sizes, output_size: Sizes | None, output_ratio: Any, samples: Tensor | None
) -> Pooled:
    """The maxima over the last `n` dimensions, and where they are among the elements of these."""
    call = f"fractional_max_pool{n}d"
    if input.ndim not in (n + 1, n + 2):
        raise RuntimeError(f"{call}(): Expected {n + 1}D or {n + 2}D tensor, but got: {list(input.shape)}")
    sizes = tuple(input.shape[-n:])
    if output_size is None:
        if output_ratio is None:
            raise ValueError(f"{call} requires specifying either an output_size or an output_ratio")
        ratios = (output_ratio,) * n if isinstance(output_ratio, (int, float)) else tuple(output_ratio)
        output_size = [int(size * ratio) for size, ratio in zip(sizes, ratios, strict=True)]
    kernel, outs = expand(kernel_size, n, call, "kernel_size"), expand(output_size, n, call, "output_size")
    for size, k, out in zip(sizes, kernel, outs, strict=True):
        if out + k - 1 > size:
            raise RuntimeError(f"{call}(): pool size {k} is too large relative to input size {size}")
    batch = input if input.ndim == n + 2 else ops.unsqueeze(input, 0)
    if samples is None:
        samples = factories.rand(batch.shape[0], batch.shape[1], n, dtype=input.dtype, device=input.device)
    where = _places(samples, sizes, kernel, outs)
    flat = reshape(batch, (*batch.shape[:2], -1))
    seen = ops.gather(flat, -1, reshape(where, (*where.shape[:2], -1)))
    greatest = ops.argmax(reshape(seen.detach(), (*where.shape,)), -1)
    indices = ops.squeeze(ops.gather(where, -1, ops.unsqueeze(greatest, -1)), -1)
    made = ops.gather(flat, -1, reshape(indices, (*where.shape[:2], -1)))
    shape = (*input.shape[:-n], *outs)
    return reshape(made, shape), reshape(indices, shape)


def _places(samples: Tensor, sizes: Sequence[int], kernel: Sequence[int], outs: Sequence[int]) -> Tensor:
    """The elements of every window, numbered row by row: (N, C, windows, elements of one)."""
    n = len(sizes)
    total: Tensor | None = None
    for d, (size, k, out) in enumerate(zip(sizes, kernel, outs, strict=True)):
        # PyTorch takes the first sample for the last dimension of pictures, and for the first of volumes.
        column = n - 1 - d if n == 2 else d
        first = _starts(samples[..., column : column + 1], size, k, out)
        along = ops.unsqueeze(first, -1) + factories.arange(k, device=samples.device)
        shape = [1] * (2 * n)
        shape[d], shape[n + d] = out, k
        along = reshape(along, (*along.shape[:2], *shape)) * math.prod(sizes[d + 1 :])
        total = along if total is None else total + along
    assert total is not None
    return reshape(total, (*total.shape[:2], math.prod(outs), math.prod(kernel)))


def _starts(sample: Tensor, size: int, k: int, out: int) -> Tensor:
    """Where the windows along a dimension begin, for each image and channel."""
    last = factories.full((*sample.shape[:-1], 1), size - k, dtype=dtypes.int64, device=sample.device)
    if out == 1:
        return last
    step = ops.div(factories.tensor(float(size - k), dtype=sample.dtype, device=sample.device), float(out - 1))
    numbers = factories.arange(out - 1, dtype=sample.dtype, device=sample.device)
    starts = ((numbers + sample) * step).long() - (sample * step).long()
    return ops.cat([starts, last], -1)


def _function(n: int) -> tuple[Callable[..., Any], Callable[..., Pooled]]:
    """The two functions for `n` dimensions."""

    def with_indices(
        input: Tensor, kernel_size: Sizes, output_size: Sizes | None = None, output_ratio: Any = None,
        return_indices: bool = False, _random_samples: Tensor | None = None,
    ) -> Pooled:  # fmt: skip
        return _pooled(n, input, kernel_size, output_size, output_ratio, _random_samples)

    def pool(
        input: Tensor, kernel_size: Sizes, output_size: Sizes | None = None, output_ratio: Any = None,
        return_indices: bool = False, _random_samples: Tensor | None = None,
    ) -> Tensor | Pooled:  # fmt: skip
        made = _pooled(n, input, kernel_size, output_size, output_ratio, _random_samples)
        return made if return_indices else made[0]

    for function, name, what in ((with_indices, "_with_indices", "and where they are"), (pool, "", "alone")):
        function.__name__ = function.__qualname__ = f"fractional_max_pool{n}d{name}"
        function.__doc__ = f"Maxima over {n}-dimensional windows at pseudorandom places, {what}."
    return pool, with_indices


fractional_max_pool2d, fractional_max_pool2d_with_indices = _function(2)
fractional_max_pool3d, fractional_max_pool3d_with_indices = _function(3)
