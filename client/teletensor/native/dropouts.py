"""Dropout as `torch` itself has it: a probability, whether it is training, and a form that writes in place."""

from __future__ import annotations

from collections.abc import Callable

from teletensor_core import dtypes
from teletensor_core.errors import ShapeError

from teletensor import factories, ops
from teletensor.nn.functional import dropouts
from teletensor.nn.functional import feature_alpha_dropout as _feature_alpha_dropout
from teletensor.random import draw
from teletensor.tensor import Tensor


def dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Zero each element with probability `p` and divide the others by `1 - p`; not in `train`, the input itself."""
    return dropouts.dropout(input, p, train)


def dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`dropout` in place."""
    return dropouts.dropout(input, p, train, inplace=True)


def feature_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`dropout` of whole channels (dimension 1)."""
    return _of_channels(dropouts.drop_channels, input, p, train, inplace=False)


def feature_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`feature_dropout` in place."""
    return _of_channels(dropouts.drop_channels, input, p, train, inplace=True)


def alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """Dropout to SELU's floor value, rescaled so that mean and variance stay as they were."""
    return dropouts.alpha_dropout(input, p, train)


def alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`alpha_dropout` in place."""
    return dropouts.alpha_dropout(input, p, train, inplace=True)


def feature_alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`alpha_dropout` of whole channels (dimension 1)."""
    return _of_channels(_feature_alpha_dropout, input, p, train, inplace=False)


def feature_alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """`feature_alpha_dropout` in place."""
    return _of_channels(_feature_alpha_dropout, input, p, train, inplace=True)


def native_dropout(input: Tensor, p: float, train: bool | None) -> tuple[Tensor, Tensor]:
    """`dropout`, and which elements were kept (bool). None counts as True."""
    if train is False:
        return ops.clone(input), factories.ones_like(input, dtype=dtypes.bool_)
    dropouts.check_probability(p)
    seed, offset = draw(None, input.numel())
    dropped, kept = ops.dropout(input, seed, offset, p=p)
    return dropped, kept


def _of_channels(drop: Callable[..., Tensor], input: Tensor, p: float, train: bool, inplace: bool) -> Tensor:
    dropouts.check_probability(p)
    if train and p != 0 and input.ndim < 2:
        raise ShapeError("Feature dropout requires at least 2 dimensions in the input")
    return drop(input, p, train, inplace)
