"""Resizing of signals and images."""

import math
import warnings
from collections.abc import Sequence
from typing import TypeVar

import teletensor as tt
from teletensor import ops
from teletensor.nn.functional import resampling
from teletensor.tensor import Tensor

T = TypeVar("T", int, float)
Scale = float | Sequence[float]

# mode: the dimensions it needs (None: any) and its kernel along one dimension
_KERNELS = {
    "nearest": (None, "nearest"),
    "nearest-exact": (None, "nearest-exact"),
    "area": (None, "area"),
    "linear": (3, "linear"),
    "bilinear": (4, "linear"),
    "bicubic": (4, "cubic"),
    "trilinear": (5, "linear"),
}
_ALIGNABLE = ("linear", "bilinear", "bicubic", "trilinear")
_ANTIALIASED = ("bilinear", "bicubic")
_NAMES = {
    "output": ("output size of", "output size"),
    "scale_factor": ("scale_factor of shape", "scale_factor"),
}


def interpolate(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: Scale | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Resize the dimensions after the first two, to `size` or by `scale_factor`.

    `mode` is "nearest", "nearest-exact", "area", "linear" (N, C, L), "bilinear" or "bicubic"
    (N, C, H, W), "trilinear" (N, C, D, H, W). ValueError for options that do not go together,
    NotImplementedError for a mode that does not take such an input.
    """
    _check_options(mode, align_corners, antialias)
    size, scales = _target(input, size, scale_factor, recompute_scale_factor)
    if input.ndim not in (3, 4, 5) or mode not in _KERNELS:
        raise NotImplementedError(
            "Input Error: Only 3D, 4D and 5D input Tensors supported "
            f"(got {input.ndim}D) for the modes: nearest | linear | bilinear | bicubic | trilinear"
            f" | lanczos | area | nearest-exact (got {mode})"
        )
    ndim, kernel = _KERNELS[mode]
    if ndim not in (None, input.ndim):
        raise NotImplementedError(f"Got {input.ndim}D input, but {mode} mode needs {ndim}D input")
    return _resize(input, size, scales, kernel, bool(align_corners), antialias)


def _check_options(mode: str, align_corners: bool | None, antialias: bool) -> None:
    if align_corners is not None and mode not in _ALIGNABLE:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear"
        )
    if antialias and mode not in _ANTIALIASED:
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input"
        )


def _target(
    input: Tensor,
    size: int | Sequence[int] | None,
    scale_factor: Scale | None,
    recompute: bool | None,
) -> tuple[tuple[int, ...], tuple[float | None, ...]]:
    """The sizes wanted, and the factors to compute positions with (None: from the sizes)."""
    space = input.shape[2:]
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is not None:
        if recompute:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        return _per_dim(input, size, "output"), (None,) * len(space)
    if scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    scales = _per_dim(input, scale_factor, "scale_factor")
    sizes = tuple(math.floor(have * scale) for have, scale in zip(space, scales, strict=True))
    return sizes, (None,) * len(space) if recompute else scales


def _per_dim(input: Tensor, value: T | Sequence[T], what: str) -> tuple[T, ...]:
    """`value` for each dimension after the first two; `what` is "output" or "scale_factor"."""
    if not isinstance(value, Sequence):
        return (value,) * (input.ndim - 2)
    values = tuple(value)
    if len(values) != input.ndim - 2:
        got, name = _NAMES[what]
        letter = name[0]
        raise ValueError(
            f"Input and {what} must have the same number of spatial dimensions, but got input "
            f"with spatial dimensions of {list(input.shape[2:])} and {got} {values}. Please "
            f"provide input tensor in (N, C, d1, d2, ...,dK) format and {name} in "
            f"({letter}1, {letter}2, ...,{letter}K) format."
        )
    return values


def _resize(
    input: Tensor,
    size: tuple[int, ...],
    scales: tuple[float | None, ...],
    kernel: str,
    align_corners: bool,
    antialias: bool,
) -> Tensor:
    """One op where there is one for it, else one dimension after the other."""
    if kernel == "area":
        return ops.adaptive_avg_pool(input, output_size=size)
    if _covers(input, size, scales) and not antialias:
        if kernel == "nearest":
            return ops.upsample_nearest(input, size=size)
        if kernel == "linear":
            return ops.upsample_bilinear(input, size=size, align_corners=align_corners)
    for dim, (want, scale) in enumerate(zip(size, scales, strict=True), start=2):
        if kernel.startswith("nearest"):
            input = _pick(input, dim, want, scale, exact=kernel == "nearest-exact")
        else:
            input = _mix(input, dim, kernel, want, scale, align_corners, antialias)
    return input


def _covers(input: Tensor, size: tuple[int, ...], scales: tuple[float | None, ...]) -> bool:
    """Whether the sizes alone determine the positions, as the ops assume."""
    return all(
        scale is None or have * scale == want for have, want, scale in zip(input.shape[2:], size, scales, strict=True)
    )


def _pick(input: Tensor, dim: int, want: int, scale: float | None, exact: bool) -> Tensor:
    sources = resampling.nearest(input.shape[dim], want, scale, exact)
    return input.index_select(dim, tt.tensor(sources, device=input.device))


def _mix(
    input: Tensor,
    dim: int,
    kernel: str,
    want: int,
    scale: float | None,
    align_corners: bool,
    antialias: bool,
) -> Tensor:
    """A product with the matrix (output, input) of the kernel's weights."""
    have = input.shape[dim]
    matrix = resampling.weights(kernel, have, want, scale, align_corners, antialias)
    weights = tt.tensor(matrix, dtype=input.dtype, device=input.device)
    if dim == input.ndim - 2:
        return weights @ input
    return (input.transpose(dim, -1) @ weights.t()).transpose(dim, -1)


def upsample(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: Scale | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """`interpolate` by its older name."""
    _deprecated("upsample", "interpolate")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: Scale | None = None
) -> Tensor:
    """`interpolate` with mode "nearest"."""
    _deprecated("upsample_nearest", "interpolate")
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(
    input: Tensor, size: int | Sequence[int] | None = None, scale_factor: Scale | None = None
) -> Tensor:
    """`interpolate` with mode "bilinear" and aligned corners."""
    _deprecated("upsample_bilinear", "interpolate")
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


def _deprecated(old: str, new: str) -> None:
    warnings.warn(f"`nn.functional.{old}` is deprecated. Use `nn.functional.{new}` instead.", stacklevel=3)
