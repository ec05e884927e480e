"""Pooling over windows: maxima, means and norms."""

from typing import Any

from teletensor_core.errors import ArgumentError

from teletensor import ops
from teletensor.nn.functional.sizes import Sizes, expand
from teletensor.tensor import Tensor


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
    both = _max_pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)
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
    both = _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)
    return both if return_indices else both[0]


def max_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Largest value of each window of (N, C, D, H, W) or (C, D, H, W).

    With `return_indices`, a pair: values and their int64 positions in the flattened last three
    dimensions.
    """
    both = _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)
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


def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """`max_pool3d`, always as a pair."""
    return _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode)


def _strides(stride: Sizes | None, kernel_size: tuple[int, ...], call: str) -> tuple[int, ...]:
    """The kernel's size where no stride is given."""
    if stride is None or (not isinstance(stride, int) and not stride):
        return kernel_size
    return expand(stride, len(kernel_size), call, "stride")


def _max_pool(
    ndim: int,
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
    indices: bool = True,
) -> tuple[Tensor, Tensor]:
    """The greatest elements, and where they are; the gradient needs no indices, and is cheaper without."""
    call = f"max_pool{ndim}d"
    kernel_size = expand(kernel_size, ndim, call, "kernel_size")
    values, where = (ops.max_pool if indices else ops.max_pool_places)(
        input,
        kernel_size=kernel_size,
        stride=_strides(stride, kernel_size, call),
        padding=expand(padding, ndim, call, "padding"),
        dilation=expand(dilation, ndim, call, "dilation"),
        ceil_mode=ceil_mode,
    )
    return values, where


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


def avg_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """Mean of each window of (N, C, D, H, W) or (C, D, H, W), or its sum over `divisor_override`."""
    return _avg_pool(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


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
    if divisor_override == 0:
        raise ArgumentError("divisor must be not zero")
    call = f"avg_pool{ndim}d"
    kernel_size = expand(kernel_size, ndim, call, "kernel_size")
    return ops.avg_pool(
        input,
        kernel_size=kernel_size,
        stride=_strides(stride, kernel_size, call),
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


def lp_pool3d(
    input: Tensor,
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The `norm_type`-norm of each window of (N, C, D, H, W) or (C, D, H, W)."""
    depth, height, width = expand(kernel_size, 3, "lp_pool3d", "kernel_size")
    powers = avg_pool3d(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return _root(powers, norm_type, depth * height * width)


def _root(mean_of_powers: Tensor, norm_type: float, count: int) -> Tensor:
    # relu masks its gradient, so a window of zeros gets 0 and not the root's 0 * inf.
    positive = mean_of_powers.sign() * ops.relu(mean_of_powers.abs())
    return (positive * count).pow(1.0 / norm_type)
