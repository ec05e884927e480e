"""Sampling images at places that a grid names, and grids of affine maps."""

from __future__ import annotations

import functools
import itertools
import warnings
from collections.abc import Callable, Sequence

from teletensor_core.errors import ArgumentError, ShapeError, UnsupportedError

import teletensor as tt
from teletensor.graph import named
from teletensor.tensor import Tensor

_NO_ALIGNMENT = (
    "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
    "align_corners=True if the old behavior is desired. See the documentation of grid_sample for details."
)
_UNIT_SIZE = (
    "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. This is not an "
    "intended use case of affine_grid. See the documentation of affine_grid for details."
)


@named("AffineGridGeneratorBackward0")
def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The grid of an affine map (N, 2, 3) for images of `size` (N, C, H, W): (N, H, W, 2); or of (N, 3, 4) for
    volumes.
    """
    if align_corners is None:
        warnings.warn(_NO_ALIGNMENT, stacklevel=2)
    if not theta.is_floating_point():
        raise ArgumentError(f"Expected theta to have floating point type, but got {theta.dtype}")
    n = len(size) - 2
    if n not in (2, 3):
        raise UnsupportedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. "
            f"Got size {tuple(size)}."
        )
    if theta.ndim != 3 or tuple(theta.shape[1:]) != (n, n + 1):
        raise ArgumentError(
            f"Expected a batch of {n}D affine matrices of shape Nx{n}x{n + 1} for size {tuple(size)}. "
            f"Got {theta.shape}."
        )
    if align_corners and min(size[2:]) == 1:
        warnings.warn(_UNIT_SIZE, stacklevel=2)
    axes = []
    # x is the last dimension, and comes first.
    for axis, count in enumerate(reversed(size[2:])):
        places = _base(count, bool(align_corners), theta)
        axes.append(places.reshape(-1, *[1] * axis).expand(*size[2:]))
    base = tt.stack([*axes, tt.ones_like(axes[0])], -1).reshape(1, -1, n + 1).expand(size[0], -1, n + 1)
    return base.matmul(theta.transpose(1, 2)).reshape(size[0], *size[2:], n)


def _base(count: int, align_corners: bool, like: Tensor) -> Tensor:
    """Places from -1 to 1: the middles of the elements, or of the outermost ones if corners are aligned."""
    if count <= 1:
        return like.new_zeros((count,))
    places = tt.linspace(-1, 1, count, dtype=like.dtype, device=like.device)
    return places if align_corners else places * (count - 1) / count


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """The image (N, C, H, W) at the places (x, y) of `grid` (N, H', W', 2), from -1 to 1: (N, C, H', W'). Volumes too.

    `mode` is "bilinear", "nearest", or of images "bicubic"; outside of the image there are zeros, its border, or
    its reflection.
    """
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ArgumentError(
            f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'"
        )
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ArgumentError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: "
            f"'{padding_mode}'"
        )
    if align_corners is None:
        warnings.warn(_NO_ALIGNMENT, stacklevel=2)
    n = input.ndim - 2
    _check_grid(input, grid, n)
    if mode == "bicubic" and n != 2:
        raise ShapeError("grid_sampler(): bicubic interpolation only supports 4D input")
    # Of each dimension, first the outermost: where the samples are, in elements.
    axes = [(grid[..., n - 1 - axis], input.shape[2 + axis]) for axis in range(n)]
    aligned = bool(align_corners)
    places = [_between_elements(place, size, aligned) for place, size in axes]
    bring = [functools.partial(_brought_inside, size=size, padding=padding_mode, aligned=aligned) for _, size in axes]
    if mode == "bicubic":
        return _cubic(input, places, bring)
    places = [inside(place) for inside, place in zip(bring, places, strict=True)]
    if mode == "nearest":
        # Rounding is flat: the grid gets a gradient of zeros.
        return _gathered(input, [place.round() for place in places]) + (places[0] * 0).unsqueeze(1)
    return _interpolated(input, places)


def _check_grid(input: Tensor, grid: Tensor, n: int) -> None:
    if grid.shape[-1] != n:
        raise ShapeError(
            f"grid_sampler(): expected grid to have size {n} in last dimension, but got grid with sizes "
            f"{list(grid.shape)}"
        )
    if input.ndim not in (4, 5) or grid.ndim != input.ndim:
        raise ShapeError(
            f"grid_sampler(): expected {4 if input.ndim == 4 else 5}D input and grid with same number of dimensions, "
            f"but got input with sizes {list(input.shape)} and grid with sizes {list(grid.shape)}"
        )
    if input.shape[0] != grid.shape[0]:
        raise ShapeError(
            "grid_sampler(): expected grid and input to have same batch size, but got input with sizes "
            f"{list(input.shape)} and grid with sizes {list(grid.shape)}"
        )


def _between_elements(place: Tensor, size: int, aligned: bool) -> Tensor:
    """Places from -1 to 1 as places between elements."""
    return (place + 1) * ((size - 1) / 2) if aligned else (place + 1) * (size / 2) - 0.5


def _brought_inside(x: Tensor, size: int, padding: str, aligned: bool) -> Tensor:
    """Places between elements, brought inside as the padding says."""
    if padding == "border":
        return x.clamp(0, size - 1)
    if padding == "reflection":
        low, span = (0.0, float(size - 1)) if aligned else (-0.5, float(size))
        if span == 0:
            return x * 0
        # Distance from the lower border, folded at both borders.
        folded = ((x - low).abs() % (2 * span) - span).abs()
        return (span - folded + low).clamp(0, size - 1)
    return x


def _interpolated(input: Tensor, places: list[Tensor]) -> Tensor:
    """The mean of the neighbours of each place, weighted by nearness."""
    lower = [place.floor() for place in places]
    total: Tensor | None = None
    for corner in itertools.product((0, 1), repeat=len(places)):
        weight: Tensor | None = None
        for place, low, up in zip(places, lower, corner, strict=True):
            near = place - low if up else low + 1 - place
            weight = near if weight is None else weight * near
        assert weight is not None
        part = _gathered(input, [low + up for low, up in zip(lower, corner, strict=True)]) * weight.unsqueeze(1)
        total = part if total is None else total + part
    assert total is not None
    return total


def _cubic(input: Tensor, places: list[Tensor], bring: Sequence[Callable[[Tensor], Tensor]]) -> Tensor:
    """The sixteen neighbours of each place by cubic weights; each neighbour is brought inside by itself."""
    lower = [place.floor() for place in places]
    weights = [_cubic_weights(place - low) for place, low in zip(places, lower, strict=True)]
    rows: Tensor | int = 0
    for i, j in itertools.product(range(4), repeat=2):
        neighbour = [inside(low + k - 1) for inside, low, k in zip(bring, lower, (i, j), strict=True)]
        rows = rows + _gathered(input, neighbour) * (weights[0][i] * weights[1][j]).unsqueeze(1)
    assert isinstance(rows, Tensor)
    return rows


def _cubic_weights(t: Tensor) -> list[Tensor]:
    """Of the neighbours at -1, 0, 1 and 2, for a place at `t`.

    Source: Keys, "Cubic Convolution Interpolation for Digital Image Processing", 1981.
    """
    a = -0.75
    near = [((a + 2) * x - (a + 3)) * x * x + 1 for x in (t, 1 - t)]
    far = [((a * x - 5 * a) * x + 8 * a) * x - 4 * a for x in (t + 1, 2 - t)]
    return [far[0], near[0], near[1], far[1]]


def _gathered(input: Tensor, places: list[Tensor]) -> Tensor:
    """The elements at whole places, zero outside: (N, C, ...) of n places (N, ...)."""
    flat: Tensor | None = None
    inside: Tensor | None = None
    for place, size in zip(places, input.shape[2:], strict=True):
        within = (place >= 0) & (place <= size - 1)
        index = place.detach().clamp(0, size - 1).to(tt.int64)
        flat = index if flat is None else flat * size + index
        inside = within if inside is None else inside & within
    assert flat is not None
    assert inside is not None
    batch, channels = input.shape[:2]
    picks = flat.reshape(batch, 1, -1).expand(batch, channels, -1)
    found = input.reshape(batch, channels, -1).gather(2, picks).reshape(batch, channels, *flat.shape[1:])
    return found * inside.unsqueeze(1)
