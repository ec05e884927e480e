"""Moving values between channels and space."""

from teletensor.graph import named
from teletensor.tensor import Tensor


@named("PixelShuffleBackward0")
def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """(*, C * r * r, H, W) rearranged to (*, C, H * r, W * r), r being `upscale_factor`."""
    _check_image("pixel_shuffle", input, "upscale_factor", upscale_factor)
    r = upscale_factor
    *batch, channels, height, width = input.shape
    if channels % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square "
            f"of upscale_factor, but input.size(-3)={channels} is not divisible by {r * r}"
        )
    blocks = input.reshape(-1, channels // (r * r), r, r, height, width)
    return blocks.permute(0, 1, 4, 2, 5, 3).reshape(*batch, channels // (r * r), height * r, width * r)


@named("PixelUnshuffleBackward0")
def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """(*, C, H * r, W * r) rearranged to (*, C * r * r, H, W), r being `downscale_factor`."""
    _check_image("pixel_unshuffle", input, "downscale_factor", downscale_factor)
    r = downscale_factor
    *batch, channels, height, width = input.shape
    for name, dim, size in (("height", -2, height), ("width", -1, width)):
        if size % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, "
                f"but input.size({dim})={size} is not divisible by {r}"
            )
    blocks = input.reshape(-1, channels, height // r, r, width // r, r)
    return blocks.permute(0, 1, 3, 5, 2, 4).reshape(*batch, channels * r * r, height // r, width // r)


@named("ChannelShuffleBackward0")
def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """The channels of (N, C, *) dealt out so that each group's are spread over all groups."""
    batch, channels, *space = input.shape
    if channels % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {channels} channels and {groups} groups."
        )
    grouped = input.reshape(batch, groups, channels // groups, *space)
    return grouped.transpose(1, 2).reshape(input.shape)


def _check_image(call: str, input: Tensor, name: str, factor: int) -> None:
    if input.ndim < 3:
        raise RuntimeError(
            f"{call} expects input to have at least 3 dimensions, but got input with {input.ndim} dimension(s)"
        )
    if factor <= 0:
        raise RuntimeError(f"{call} expects a positive {name}, but got {factor}")
