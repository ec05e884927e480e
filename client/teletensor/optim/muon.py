"""Muon: momentum whose singular values are brought near to one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from teletensor_core import dtypes
from teletensor_core.errors import ArgumentError, GradientError

from teletensor import linalg, ops
from teletensor.optim.optimizer import Group
from teletensor.optim.stepwise import Stepwise, rate
from teletensor.tensor import Tensor


class Muon(Stepwise):
    """Steps along orthogonalised momentum, for matrices only, as `torch.optim.Muon`.

    Source: Jordan and others, "Muon: An optimizer for hidden layers in neural networks", 2024. The iteration runs in
    bfloat16, whose rounding differs between machines.
    """

    def __init__(
        self, params: Iterable[Any], lr: float | Tensor = 1e-3, weight_decay: float = 0.1, momentum: float = 0.95,
        nesterov: bool = True, ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7, ns_steps: int = 5, adjust_lr_fn: str | None = None,
    ) -> None:  # fmt: skip
        for value, what in ((lr, "Learning rate"), (momentum, "momentum"), (weight_decay, "weight decay")):
            if not bool(value >= 0):
                raise ArgumentError(f"{what} should be >= 0 but is: {value}")
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ArgumentError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        defaults = {
            "lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov,
            "ns_coefficients": ns_coefficients, "eps": eps, "ns_steps": ns_steps, "adjust_lr_fn": adjust_lr_fn,
        }  # fmt: skip
        super().__init__(params, defaults)
        for p in (p for group in self.param_groups for p in group["params"]):
            if p.ndim != 2:
                raise ArgumentError(
                    f"Muon only supports 2D parameters whereas we found a parameter with size: {p.size()}"
                )

    def _update(self, group: Group, params: list[Tensor], grads: list[Tensor]) -> None:
        lr, momentum = rate(group), group["momentum"]
        for p, grad, buffer in zip(params, grads, self._buffers(params, "momentum_buffer"), strict=True):
            if p.is_complex():
                raise GradientError("Muon does not support complex parameters")
            ops.lerp_(buffer, grad, 1 - momentum)
            update = ops.lerp(grad, buffer, momentum) if group["nesterov"] else buffer
            update = _orthogonal(update, group["ns_coefficients"], group["ns_steps"], group["eps"])
            ops.mul_(p, 1 - lr * group["weight_decay"])
            ops.sub_(p, ops.mul(update, lr * _factor(group["adjust_lr_fn"], *p.shape)))


def _factor(function: str | None, rows: int, columns: int) -> float:
    """What the learning rate is multiplied with for a matrix of this shape."""
    if function == "match_rms_adamw":
        return 0.2 * math.sqrt(max(rows, columns))
    return math.sqrt(max(1, rows / columns))


def _orthogonal(x: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> Tensor:
    """A matrix with the singular vectors of `x` and singular values near 1, by a Newton-Schulz iteration."""
    if steps >= 100:
        raise ArgumentError("Number of steps must be less than 100 for computational efficiency")
    if len(coefficients) != 3:
        raise ArgumentError("Coefficients must be a tuple of exactly 3 values")
    a, b, c = coefficients
    is_tall = x.shape[0] > x.shape[1]
    made = ops.transpose(x, 0, 1) if is_tall else x
    made = made.to(dtypes.bfloat16)
    made = ops.div(made, ops.clamp_min(linalg.vector_norm(made), eps))
    for _ in range(steps):
        gram = ops.matmul(made, ops.transpose(made, 0, 1))
        made = ops.addmm(made, ops.addmm(gram, gram, gram, beta=b, alpha=c), made, beta=a)
    return ops.transpose(made, 0, 1) if is_tall else made
