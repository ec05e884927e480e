"""Dropout: single elements, whole channels, and the variants for SELU networks."""

import math
import warnings

from teletensor_core.errors import ArgumentError

import teletensor as tt
from teletensor import ops
from teletensor.graph import named
from teletensor.random import draw
from teletensor.tensor import Tensor

# What SELU tends to for very negative input: -scale * alpha.
_SELU_FLOOR = -1.7580993408473766


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero each element with probability `p` and divide the others by `1 - p`.

    Without `training` the input itself. Draws one random number per element; ValueError if `p`
    is not in [0, 1].
    """
    check_probability(p)
    if not training or p == 0:
        return input
    return _result(input, _dropped(input, p)[0], inplace)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels of (N, C, L) or (C, L)."""
    check_probability(p)
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input. "
            "Note that dropout1d exists to provide channel-wise dropout on inputs with 1 "
            "spatial dimension, a channel dimension, and an optional batch dimension "
            "(i.e. 2D or 3D inputs)."
        )
    if input.ndim == 3:
        return drop_channels(input, p, training, inplace)
    return drop_channels(input.unsqueeze(0), p, training, inplace).squeeze(0)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels of (N, C, H, W)."""
    check_probability(p)
    if input.ndim not in (3, 4):
        warnings.warn(
            f"dropout2d: Received a {input.ndim}-D input to dropout2d, which is deprecated "
            "and will result in an error in a future release. To retain the behavior "
            "and silence this warning, please use dropout instead. Note that dropout2d "
            "exists to provide channel-wise dropout on inputs with 2 spatial dimensions, "
            "a channel dimension, and an optional batch dimension (i.e. 3D or 4D inputs).",
            stacklevel=2,
        )
    if input.ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise "
            "1D dropout behavior is desired - input is interpreted as shape (N, C, L), where C "
            "is the channel dim. This behavior will change in a future release to interpret the "
            "input as one without a batch dimension, i.e. shape (C, H, W). To maintain the 1D "
            "channel-wise dropout behavior, please switch to using dropout1d instead.",
            stacklevel=2,
        )
    return drop_channels(input, p, training, inplace)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels of (N, C, D, H, W) or (C, D, H, W)."""
    check_probability(p)
    if input.ndim not in (4, 5):
        warnings.warn(
            f"dropout3d: Received a {input.ndim}-D input to dropout3d, which is deprecated "
            "and will result in an error in a future release. To retain the behavior "
            "and silence this warning, please use dropout instead. Note that dropout3d "
            "exists to provide channel-wise dropout on inputs with 3 spatial dimensions, "
            "a channel dimension, and an optional batch dimension (i.e. 4D or 5D inputs).",
            stacklevel=2,
        )
    if input.ndim == 4:
        return drop_channels(input.unsqueeze(0), p, training, inplace).squeeze(0)
    return drop_channels(input, p, training, inplace)


@named("AddBackward0")
def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout to SELU's floor value, rescaled so that mean and variance stay as they were."""
    check_probability(p)
    if not training or p == 0:
        return input
    return _keep_moments(input, _dropped(input.detach(), p)[1], p, inplace)


@named("AddBackward0")
def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """`alpha_dropout` of whole channels."""
    check_probability(p)
    if not training or p == 0:
        return input
    return _keep_moments(input, _channels_dropped(input.detach(), p)[1], p, inplace)


def check_probability(p: float) -> None:
    """ValueError unless `p` is in [0, 1]."""
    if not 0.0 <= p <= 1.0:
        raise ArgumentError(f"dropout probability has to be between 0 and 1, but got {p}")


def drop_channels(input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    """`input` with channels (dimension 1) zeroed with probability `p`, where it is `training`."""
    if not training or p == 0:
        return input
    return _result(input, _channels_dropped(input, p)[0], inplace)


def _dropped(input: Tensor, p: float) -> tuple[Tensor, Tensor]:
    """The input with elements dropped, and which were kept."""
    seed, offset = draw(None, input.numel())
    dropped, kept = ops.dropout(input, seed, offset, p=p)
    return dropped, kept


def _channels_dropped(input: Tensor, p: float) -> tuple[Tensor, Tensor]:
    """The input with channels dropped, and which elements were kept."""
    seed, offset = draw(None, math.prod(input.shape[:2]))
    dropped, kept = ops.feature_dropout(input, seed, offset, p=p)
    return dropped, kept


def _result(input: Tensor, result: Tensor, inplace: bool) -> Tensor:
    return input.copy_(result) if inplace else result


def _keep_moments(input: Tensor, kept: Tensor, p: float, inplace: bool) -> Tensor:
    scale = 0.0 if p == 1 else 1 / math.sqrt((_SELU_FLOOR**2 * p + 1) * (1 - p))
    result = tt.where(kept, input, _SELU_FLOOR) * scale - _SELU_FLOOR * scale * p
    return _result(input, result, inplace)
