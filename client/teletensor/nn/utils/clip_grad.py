"""Clipping gradients without waiting for them."""

import math
import warnings
from collections.abc import Iterable

import teletensor as tt
from teletensor import ops
from teletensor.gradients import by_session
from teletensor.tensor import Tensor

Tensors = Tensor | Iterable[Tensor]


def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients in place so that their common norm is at most `max_norm`.

    Returns the norm they had, a tensor that nothing here reads, so that the device is not waited
    for, unless `error_if_nonfinite` asks for a RuntimeError when the norm is not finite.
    """
    parameters = _listed(parameters)
    norm = get_total_norm(_grads(parameters), norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(parameters, max_norm, norm, foreach)
    return norm


def clip_grad_norm(
    parameters: Tensors, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:  # fmt: skip
    """The older name of `clip_grad_norm_`, with a FutureWarning."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


def get_total_norm(
    tensors: Tensors,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all tensors as if they were one vector, 0 for none."""
    tensors = _listed(tensors)
    if not tensors:
        return tt.tensor(0.0)
    with tt.no_grad():
        norms = [ops.total_norm(some, ord=float(norm_type)) for some in by_session(tensors)]
        total = norms[0]
        if len(norms) > 1:
            total = ops.vector_norm(tt.stack([norm.to(total.device) for norm in norms]), ord=float(norm_type))
    if error_if_nonfinite and not math.isfinite(total.item()):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, "
            "so it cannot be clipped. To disable this error and scale the gradients by the "
            "non-finite norm anyway, set `error_if_nonfinite=False`"
        )
    return total


def clip_grads_with_norm_(
    parameters: Tensors, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale all gradients in place by `max_norm / total_norm`, or leave them if that is above 1."""
    with tt.no_grad():
        scale = (max_norm / (total_norm + 1e-6)).clamp_max(1.0)
        for some in by_session(_grads(_listed(parameters))):
            ops.scale_all_(some, scale.to(some[0].device))


def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Clamp all gradients in place to [-clip_value, clip_value]."""
    for some in by_session(_grads(_listed(parameters))):
        ops.clamp_all_(some, low=-float(clip_value), high=float(clip_value))


def _listed(tensors: Tensors) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _grads(parameters: list[Tensor]) -> list[Tensor]:
    return [parameter.grad for parameter in parameters if parameter.grad is not None]
