"""Normalisation over a batch, over a layer or over groups of channels."""

from collections.abc import Sequence

import teletensor as tt
from teletensor import ops
from teletensor.graph import named
from teletensor.nn.functional.pooling import avg_pool2d
from teletensor.tensor import Tensor


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float | Tensor = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise every channel (dimension 1) over the batch and the other dimensions.

    In training by the batch's own mean and variance, which are also mixed into the running ones
    in place; otherwise by the running ones. ValueError if a channel has one value in training.
    """
    if not training:
        return by_running_statistics(input, running_mean, running_var, weight, bias, eps)
    if input.numel() == input.shape[1]:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {input.shape}")
    output, mean, var = ops.batch_norm(input, weight, bias, eps=eps)
    if running_mean is not None and running_var is not None:
        mix_running(running_mean, running_var, mean, var, momentum)
    return output


def by_running_statistics(
    input: Tensor,
    mean: Tensor | None,
    var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    eps: float,
) -> Tensor:
    """Every channel normalised by running statistics; RuntimeError where there are none."""
    if mean is None:
        raise RuntimeError("running_mean must be defined in evaluation mode")
    if var is None:
        raise RuntimeError("running_var must be defined in evaluation mode")
    return ops.batch_norm_eval(input, mean, var, weight, bias, eps=eps)


def mix_running(running_mean: Tensor, running_var: Tensor, mean: Tensor, var: Tensor, momentum: float | Tensor) -> None:
    """Move the running statistics towards a batch's by `momentum`, in place.

    A tensor as momentum is never read, so a cumulative average needs no round trip.
    """
    with tt.no_grad():
        if isinstance(momentum, Tensor):
            running_mean.add_((mean - running_mean) * momentum)
            running_var.add_((var - running_var) * momentum)
        else:
            ops.batch_norm_update_(running_mean, running_var, mean, var, momentum=momentum)


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise every channel of every sample by itself, or by running statistics."""
    if not use_input_stats:
        return by_running_statistics(input, running_mean, running_var, weight, bias, eps)
    if input.shape[2:].numel() == 1:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {input.shape}")
    return by_instance(input, running_mean, running_var, weight, bias, momentum, eps)


@named("ViewBackward0")
def by_instance(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    momentum: float,
    eps: float,
) -> Tensor:
    """Every channel of every sample normalised by itself; its statistics are mixed into the running ones."""
    if running_mean is not None and running_var is not None:
        _mix_instances(input.detach(), running_mean, running_var, momentum)
    return ops.group_norm(input, weight, bias, num_groups=input.shape[1], eps=eps)


def _mix_instances(input: Tensor, running_mean: Tensor, running_var: Tensor, momentum: float) -> None:
    spatial = input.flatten(2)
    mean, var = spatial.mean(-1).mean(0), spatial.var(-1).mean(0)
    mix_running(running_mean, running_var, mean, var, momentum)


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise over the last dimensions, whose sizes are `normalized_shape`."""
    return ops.layer_norm(input, weight, bias, normalized_shape=tuple(normalized_shape), eps=eps)


def rms_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """Divide by the root mean square over the last dimensions; `eps` None is the dtype's."""
    return ops.rms_norm(input, weight, normalized_shape=tuple(normalized_shape), eps=eps)


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise every sample over `num_groups` groups of channels (dimension 1).

    RuntimeError without a channel dimension, ValueError if a group has one value.
    """
    _check_rank(input)
    if input.numel() == input.shape[0] * num_groups:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {list(input.shape)}")
    return by_group(input, num_groups, weight, bias, eps)


def by_group(input: Tensor, num_groups: int, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    """Every sample normalised over groups of channels, however few values those have."""
    _check_rank(input)
    return ops.group_norm(input, weight, bias, num_groups=num_groups, eps=eps)


def _check_rank(input: Tensor) -> None:
    if input.ndim < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {input.ndim}")


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Divide every channel by a power of the mean square of the `size` channels around it."""
    if input.ndim < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input (got {input.ndim} dimensions)")
    squares = input.mul(input).flatten(2).unsqueeze(1)
    padded = ops.constant_pad(squares, pad=(0, 0, size // 2, (size - 1) // 2), value=0.0)
    means = avg_pool2d(padded, (size, 1), stride=1).reshape(input.shape)
    return input / (means * alpha + k).pow(beta)
