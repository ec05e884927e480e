"""Adam with a rectified variance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from teletensor import ops
from teletensor.optim.optimizer import Group
from teletensor.optim.stepwise import Stepwise, check_adam, rate
from teletensor.tensor import Tensor


class RAdam(Stepwise):
    """Adam that adapts only as far as the variance of its estimate allows, as `torch.optim.RAdam`.

    Source: Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", 2019.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_adam(lr, betas, eps, weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _update(self, group: Group, params: list[Tensor], grads: list[Tensor]) -> None:
        beta1, beta2 = group["betas"]
        for step, chosen, their_grads in self._counted(params, grads):
            ops.radam_step_(
                chosen,
                their_grads,
                self._buffers(chosen, "exp_avg"),
                self._buffers(chosen, "exp_avg_sq"),
                rate(group),
                1 - beta1**step,
                _rectification(beta2, step),
                beta1=beta1,
                beta2=beta2,
                eps=group["eps"],
                weight_decay=group["weight_decay"],
                decoupled=group["decoupled_weight_decay"],
                maximize=group["maximize"],
            )


def _rectification(beta2: float, step: int) -> float:
    """The factor on the adaptive step, with its bias correction; 0 while the variance of the estimate is unbounded."""
    correction = 1 - beta2**step
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * step * beta2**step / correction
    if length <= 5.0:
        return 0.0
    ratio = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
    return float(ratio**0.5 * correction**0.5)
