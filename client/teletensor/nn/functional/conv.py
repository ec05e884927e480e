"""Convolutions: one op for every number of spatial dimensions."""

from collections.abc import Sequence

from teletensor import ops
from teletensor.nn.functional.sizes import Sizes, expand_for_conv
from teletensor.tensor import Tensor


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlate (N, C, L) or (C, L) with a weight of (out, C / groups, K).

    `padding` is a number of zeros on both sides, or `"valid"` (none) or `"same"` (as many as
    keep the length; only without stride).
    """
    return convolved(1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlate (N, C, H, W) or (C, H, W) with a weight of (out, C / groups, KH, KW).

    `padding` is as in `conv1d`.
    """
    return convolved(2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlate (N, C, D, H, W) or (C, D, H, W); the weight is (out, C / groups, KD, KH, KW).

    `padding` is as in `conv1d`.
    """
    return convolved(3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """The gradient of `conv1d` as an operation: (N, C, L) and (C, out / groups, K)."""
    return transposed_convolved(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """The gradient of `conv2d` as an operation: (N, C, H, W) and (C, out / groups, KH, KW)."""
    return transposed_convolved(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """The gradient of `conv3d` as an operation: (N, C, D, H, W) and (C, out / groups, KD, KH, KW)."""
    return transposed_convolved(3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def convolved(
    ndim: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sizes,
    padding: Sizes | str,
    dilation: Sizes,
    groups: int,
) -> Tensor:
    """The cross-correlation over the last `ndim` dimensions."""
    stride = expand_for_conv(stride, ndim, "stride")
    dilation = expand_for_conv(dilation, ndim, "dilation")
    if isinstance(padding, str):
        input, padding = _named_padding(input, weight.shape[-ndim:], stride, padding, dilation)
    padding = expand_for_conv(padding, ndim, "padding")
    attributes = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    if input.ndim == ndim + 1:
        return ops.conv(input.unsqueeze(0), weight, bias, **attributes).squeeze(0)
    return ops.conv(input, weight, bias, **attributes)


def _named_padding(
    input: Tensor, kernel: Sequence[int], stride: Sequence[int], name: str, dilation: Sequence[int]
) -> tuple[Tensor, tuple[int, ...]]:
    """The input and padding that `"same"` or `"valid"` stand for.

    An even kernel needs one zero more at the end than at the start; that one is padded on here.
    """
    if name == "valid":
        return input, (0,) * len(kernel)
    if name != "same":
        raise RuntimeError(f"Invalid padding string: '{name}'")
    if any(step != 1 for step in stride):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    total = [gap * (size - 1) for gap, size in zip(dilation, kernel, strict=True)]
    if any(size % 2 for size in total):
        extra = tuple(amount for size in reversed(total) for amount in (0, size % 2))
        input = ops.constant_pad(input, pad=extra, value=0.0)
    return input, tuple(size // 2 for size in total)


def transposed_convolved(
    ndim: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sizes,
    padding: Sizes,
    output_padding: Sizes,
    groups: int,
    dilation: Sizes,
) -> Tensor:
    """The gradient of `convolved` as an operation."""
    attributes = {
        "stride": expand_for_conv(stride, ndim, "stride"),
        "padding": expand_for_conv(padding, ndim, "padding"),
        "output_padding": expand_for_conv(output_padding, ndim, "output_padding"),
        "dilation": expand_for_conv(dilation, ndim, "dilation"),
        "groups": groups,
    }
    if input.ndim == ndim + 1:
        return ops.conv_transpose(input.unsqueeze(0), weight, bias, **attributes).squeeze(0)
    return ops.conv_transpose(input, weight, bias, **attributes)
