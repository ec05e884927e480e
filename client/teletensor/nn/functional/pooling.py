"""Pooling over windows, or over a grid of a given size."""

from collections.abc import Sequence
from typing import Any

from teletensor import ops
from teletensor.nn.functional.sizes import Sizes, expand
from teletensor.tensor import Tensor

OutputSize = int | None | Sequence[int | None]


def max_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Largest value of each window of (N, C, L) or (C, L); windows touch when `stride` is None.

    With `return_indices`, a pair: values and their int64 positions in the input's last dimension.
    """
    both = _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode)
    return both if return_indices else both[0]


def max_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Largest value of each window of (N, C, H, W) or (C, H, W).

    With `return_indices`, a pair: values and their int64 positions in the flattened last two
    dimensions.
    """
    both = _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode)
    return both if return_indices else both[0]


def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """`max_pool1d`, always as a pair."""
    return _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """`max_pool2d`, always as a pair."""
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode)


def _max_pool(
    ndim: int,
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
) -> tuple[Tensor, Tensor]:
    call = f"max_pool{ndim}d"
    kernel_size = expand(kernel_size, ndim, call, "kernel_size")
    values, indices = ops.max_pool(
        input,
        kernel_size=kernel_size,
        stride=expand(stride, ndim, call, "stride") if stride else kernel_size,
        padding=expand(padding, ndim, call, "padding"),
        dilation=expand(dilation, ndim, call, "dilation"),
        ceil_mode=ceil_mode,
    )
    return values, indices


def avg_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """Mean of each window of (N, C, L) or (C, L)."""
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """Mean of each window of (N, C, H, W) or (C, H, W), or its sum over `divisor_override`."""
    return _avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _avg_pool(
    ndim: int,
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:
    call = f"avg_pool{ndim}d"
    kernel_size = expand(kernel_size, ndim, call, "kernel_size")
    return ops.avg_pool(
        input,
        kernel_size=kernel_size,
        stride=expand(stride, ndim, call, "stride") if stride else kernel_size,
        padding=expand(padding, ndim, call, "padding"),
        ceil_mode=ceil_mode,
        count_include_pad=count_include_pad,
        divisor_override=divisor_override,
    )


def lp_pool1d(
    input: Tensor,
    norm_type: float,
    kernel_size: int,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The `norm_type`-norm of each window of (N, C, L) or (C, L)."""
    powers = avg_pool1d(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return _root(powers, norm_type, kernel_size)


def lp_pool2d(
    input: Tensor,
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The `norm_type`-norm of each window of (N, C, H, W) or (C, H, W)."""
    height, width = expand(kernel_size, 2, "lp_pool2d", "kernel_size")
    powers = avg_pool2d(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return _root(powers, norm_type, height * width)


def _root(mean_of_powers: Tensor, norm_type: float, count: int) -> Tensor:
    # relu masks its gradient, so a window of zeros gets 0 and not the root's 0 * inf.
    positive = mean_of_powers.sign() * ops.relu(mean_of_powers.abs())
    return (positive * count).pow(1.0 / norm_type)


def adaptive_avg_pool1d(input: Tensor, output_size: OutputSize) -> Tensor:
    """Means over windows chosen so that (N, C, L) becomes (N, C, output_size)."""
    return ops.adaptive_avg_pool(input, output_size=_output_size(input, output_size, 1))


def adaptive_avg_pool2d(input: Tensor, output_size: OutputSize) -> Tensor:
    """Means over windows chosen so that the last two sizes become `output_size`.

    None keeps the input's size in that dimension.
    """
    return ops.adaptive_avg_pool(input, output_size=_output_size(input, output_size, 2))


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


def _output_size(input: Tensor, sizes: OutputSize, ndim: int) -> tuple[int, ...]:
    wanted = (sizes,) * ndim if sizes is None or isinstance(sizes, int) else tuple(sizes)
    if len(wanted) == 1:
        wanted *= ndim
    if len(wanted) != ndim or input.ndim < ndim:
        raise ValueError("Input dimension should be at least " + str(len(wanted) + 1))
    present = input.shape[-ndim:]
    return tuple(had if size is None else size for size, had in zip(wanted, present, strict=True))
