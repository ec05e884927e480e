"""Rules of convolution and pooling: sizes of outputs, and the errors PyTorch raises."""

from __future__ import annotations

from typing import Any

from teletensor_core.dtypes import DType
from teletensor_core.errors import ShapeError
from teletensor_core.rules.matmul import same_dtype
from teletensor_core.spec import Shape, Spec, spec


def conv_size(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """The length of a convolution's output."""
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def conv_transpose_size(size: int, kernel: int, stride: int, padding: int, output_padding: int, dilation: int) -> int:
    """The length of a transposed convolution's output."""
    return (size - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1


def _lead(call: str, input: Spec, weight: Spec, n: int, **sizes: Shape) -> Shape:
    """The batch dimension, which may be missing."""
    if weight.ndim != n + 2 or input.ndim not in (n + 1, n + 2):
        raise ShapeError(
            f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to {call}{n}d, but got input of size: "
            f"{list(input.shape)}"
        )
    if 0 in weight.shape[2:]:
        raise ShapeError(f"a kernel has at least one place, got weight of size: {list(weight.shape)}")
    if any(s <= 0 for s in sizes["stride"]):
        raise ShapeError("non-positive stride is not supported")
    if any(d <= 0 for d in sizes["dilation"]):
        raise ShapeError(f"dilation should be greater than zero, but got {list(sizes['dilation'])}")
    if any(p < 0 for p in sizes["padding"]):
        raise ShapeError("negative padding is not supported")
    return input.shape[: input.ndim - n - 1]


def _number_dtype(input: Spec, weight: Spec, bias: Spec | None) -> DType:
    """The dtype they share, which is not bool."""
    same_dtype(input, bias, text="Input type ({0.c_name}) and bias type ({1.c_name}) should be the same")
    return same_dtype(input, weight, text="expected scalar type {0.title} but found {1.title}")


def _check_bias(weight: Spec, bias: Spec | None, channels: int) -> None:
    if bias is not None and bias.shape != (channels,):
        raise ShapeError(
            f"Given weight of size {list(weight.shape)}, expected bias to be 1-dimensional with {channels} elements, "
            f"but got bias of size {list(bias.shape)} instead"
        )


def _check_channels(input: Spec, weight: Spec, n: int, channels: int, kind: str) -> None:
    have = input.shape[-n - 1]
    if have != channels:
        raise ShapeError(
            f"Given {kind}, weight of size {list(weight.shape)}, expected input{list(input.shape)} to have "
            f"{channels} channels, but got {have} channels instead"
        )


def _check_groups(weight: Spec, groups: int) -> None:
    if groups <= 0:
        raise ShapeError("non-positive groups is not supported")
    if weight.shape[0] % groups:
        raise ShapeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of "
            f"size {list(weight.shape)} instead"
        )


def conv(
    input: Spec, weight: Spec, bias: Spec | None = None, *, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> Spec:
    """The output of a convolution of (N, C, d1, ...) by (O, C / groups, k1, ...); N may be missing."""
    n = len(stride)
    lead = _lead("conv", input, weight, n, stride=stride, padding=padding, dilation=dilation)
    _check_groups(weight, groups)
    _check_channels(input, weight, n, weight.shape[1] * groups, f"groups={groups}")
    _check_bias(weight, bias, weight.shape[0])
    space, kernel = input.shape[-n:], weight.shape[2:]
    sizes = [conv_size(*v) for v in zip(space, kernel, stride, padding, dilation, strict=True)]
    if any(size < 1 for size in sizes):
        padded = " x ".join(str(s + 2 * p) for s, p in zip(space, padding, strict=True))
        covered = " x ".join(str(d * (k - 1) + 1) for k, d in zip(kernel, dilation, strict=True))
        raise ShapeError(
            f"Calculated padded input size per channel: ({padded}). Kernel size: ({covered}). Kernel size can't be "
            "greater than actual input size"
        )
    return spec((*lead, weight.shape[0], *sizes), _number_dtype(input, weight, bias))


def conv_transpose(
    input: Spec,
    weight: Spec,
    bias: Spec | None = None,
    *,
    stride: Shape,
    padding: Shape,
    output_padding: Shape,
    dilation: Shape,
    groups: int,
) -> Spec:
    """The output of a transposed convolution of (N, C, d1, ...) by (C, O / groups, k1, ...); N may be missing."""
    n = len(stride)
    lead = _lead("conv_transpose", input, weight, n, stride=stride, padding=padding, dilation=dilation)
    _check_groups(weight, groups)
    _check_channels(input, weight, n, weight.shape[0], "transposed=1")
    _check_bias(weight, bias, weight.shape[1] * groups)
    for extra, s, d in zip(output_padding, stride, dilation, strict=True):
        if extra >= max(s, d):
            raise ShapeError(
                f"output padding must be smaller than either stride or dilation, but got output_padding: "
                f"{list(output_padding)}, stride: {list(stride)}, dilation: {list(dilation)}"
            )
    values = zip(input.shape[-n:], weight.shape[2:], stride, padding, output_padding, dilation, strict=True)
    sizes = [conv_transpose_size(*v) for v in values]
    if any(size < 1 for size in sizes):
        raise ShapeError(
            f"Given input size per channel: {list(input.shape[-n:])}. Calculated output size per channel: {sizes}. "
            "Output size is too small"
        )
    return spec((*lead, weight.shape[1] * groups, *sizes), _number_dtype(input, weight, bias))


def pool_size(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> int:
    """The length of a pooling's output; with `ceil_mode` a last, partial window counts if it starts inside."""
    span = size + 2 * padding - dilation * (kernel - 1) - 1
    out = (-(-span // stride) if ceil_mode else span // stride) + 1
    return out - 1 if ceil_mode and (out - 1) * stride >= size + padding else out


def pool(
    input: Spec,
    *,
    kernel_size: Shape,
    stride: Shape,
    padding: Shape,
    dilation: Shape | None = None,
    ceil_mode: bool = False,
    **attrs: Any,
) -> Spec:
    """The output of a pooling over the last dimensions."""
    n = len(kernel_size)
    if input.ndim not in (n + 1, n + 2):
        raise ShapeError(
            f"Expected {n + 1}D or {n + 2}D input to pooling over {n} dimensions, but got {list(input.shape)}"
        )
    if any(s <= 0 for s in stride):
        raise ShapeError("stride should not be zero, nor less")
    for k, p in zip(kernel_size, padding, strict=True):
        if p > k // 2:
            raise ShapeError(f"pad should be at most half of effective kernel size, but got pad={p}, kernel_size={k}")
    values = zip(input.shape[-n:], kernel_size, stride, padding, dilation or (1,) * n, strict=True)
    sizes = [pool_size(*v, ceil_mode) for v in values]
    if any(size < 1 for size in sizes):
        channels = input.shape[-n - 1]
        raise ShapeError(
            f"Given input size: ({_by((channels, *input.shape[-n:]))}). Calculated output size: "
            f"({_by((channels, *sizes))}). Output size is too small"
        )
    return spec((*input.shape[:-n], *sizes), input.dtype)


def _by(sizes: Shape) -> str:
    return "x".join(map(str, sizes))
