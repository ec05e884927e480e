"""Normalisation as `torch` itself has it: weights before statistics; instances and groups may be of one value."""

from __future__ import annotations

from collections.abc import Sequence

from teletensor.nn.functional import normalization
from teletensor.tensor import Tensor


def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """Normalise every channel (dimension 1), in `training` by the batch's statistics; see `nn.functional.batch_norm`.

    `cudnn_enabled` chooses nothing here.
    """
    return normalization.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """Normalise every channel of every sample by itself, or by running statistics."""
    if not use_input_stats:
        return normalization.by_running_statistics(input, running_mean, running_var, weight, bias, eps)
    return normalization.by_instance(input, running_mean, running_var, weight, bias, momentum, eps)


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Tensor:
    """Normalise over the last dimensions, whose sizes are `normalized_shape`. `cudnn_enable` chooses nothing here."""
    return normalization.layer_norm(input, normalized_shape, weight, bias, eps)


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Tensor:
    """Normalise every sample over `num_groups` groups of channels. `cudnn_enabled` chooses nothing here."""
    return normalization.by_group(input, num_groups, weight, bias, eps)
