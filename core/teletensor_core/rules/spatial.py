"""Rules of convolution and pooling: sizes of outputs, and the errors PyTorch raises."""

from __future__ import annotations

from typing import Any

from teletensor_core.errors import ShapeError
from teletensor_core.rules.matmul import same_dtype
from teletensor_core.spec import Shape, Spec, spec


def conv_size(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """The length of a convolution's output."""
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def conv(
    input: Spec, weight: Spec, bias: Spec | None = None, *, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> Spec:
    """The output of a convolution of (N, C, d1, ...) by (O, C / groups, k1, ...)."""
    n = len(stride)
    if input.ndim != n + 2 or weight.ndim != n + 2:
        raise ShapeError(f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to conv{n}d, but got input of size: {list(input.shape)}")
    if input.shape[1] != weight.shape[1] * groups:
        raise ShapeError(
            f"Given groups={groups}, weight of size {list(weight.shape)}, expected input{list(input.shape)} to have "
            f"{weight.shape[1] * groups} channels, but got {input.shape[1]} channels instead"
        )
    if weight.shape[0] % groups:
        raise ShapeError(f"conv: {weight.shape[0]} output channels cannot be divided into {groups} groups")
    if bias is not None and bias.shape != (weight.shape[0],):
        raise ShapeError(f"conv: expected bias of shape [{weight.shape[0]}], got {list(bias.shape)} for weight {list(weight.shape)}")
    sizes = [conv_size(*v) for v in zip(input.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True)]
    if any(size < 1 for size in sizes):
        padded = " x ".join(str(s + 2 * p) for s, p in zip(input.shape[2:], padding, strict=True))
        kernel = " x ".join(str(d * (k - 1) + 1) for k, d in zip(weight.shape[2:], dilation, strict=True))
        raise ShapeError(
            f"Calculated padded input size per channel: ({padded}). Kernel size: ({kernel}). Kernel size can't be greater than actual input size"
        )
    return spec((input.shape[0], weight.shape[0], *sizes), same_dtype(input, weight, bias))


def conv_transpose(
    input: Spec, weight: Spec, bias: Spec | None = None, *, stride: Shape, padding: Shape, output_padding: Shape,
    dilation: Shape, groups: int,
) -> Spec:  # fmt: skip
    """The output of a transposed convolution of (N, C, d1, ...) by (C, O / groups, k1, ...)."""
    n = len(stride)
    if input.ndim != n + 2:
        raise ShapeError(f"Expected {n + 2}D input to conv_transpose{n}d, but got input of size: {list(input.shape)}")
    if input.shape[1] != weight.shape[0]:
        raise ShapeError(
            f"Given transposed=1, weight of size {list(weight.shape)}, expected input{list(input.shape)} to have "
            f"{weight.shape[0]} channels, but got {input.shape[1]} channels instead"
        )
    values = zip(input.shape[2:], weight.shape[2:], stride, padding, output_padding, dilation, strict=True)
    sizes = [(s - 1) * st - 2 * p + d * (k - 1) + op + 1 for s, k, st, p, op, d in values]
    return spec((input.shape[0], weight.shape[1] * groups, *sizes), same_dtype(input, weight, bias))


def pool_size(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> int:
    """The length of a pooling's output; with `ceil_mode` a last, partial window counts if it starts inside."""
    span = size + 2 * padding - dilation * (kernel - 1) - 1
    out = (-(-span // stride) if ceil_mode else span // stride) + 1
    return out - 1 if ceil_mode and (out - 1) * stride >= size + padding else out


def pool(
    input: Spec, *, kernel_size: Shape, stride: Shape, padding: Shape, dilation: Shape | None = None, ceil_mode: bool = False, **attrs: Any
) -> Spec:
    """The output of a pooling over the last dimensions."""
    n = len(kernel_size)
    if input.ndim not in (n + 1, n + 2):
        raise ShapeError(f"Expected {n + 1}D or {n + 2}D input to pooling over {n} dimensions, but got {list(input.shape)}")
    for k, p in zip(kernel_size, padding, strict=True):
        if p > k // 2:
            raise ShapeError(f"pad should be at most half of effective kernel size, but got pad={p}, kernel_size={k}")
    values = zip(input.shape[-n:], kernel_size, stride, padding, dilation or (1,) * n, strict=True)
    sizes = [pool_size(*v, ceil_mode) for v in values]
    if any(size < 1 for size in sizes):
        raise ShapeError(f"Given input size: {list(input.shape)}. Calculated output size: {sizes}. Output size is too small")
    return spec((*input.shape[:-n], *sizes), input.dtype)
