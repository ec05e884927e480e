"""Adam with the greatest gradient so far in the place of the mean square."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from teletensor import ops
from teletensor.optim.optimizer import Group
from teletensor.optim.stepwise import Stepwise, check_adam, rate
from teletensor.tensor import Tensor


class Adamax(Stepwise):
    """Adam by the largest gradient instead of the mean square, as `torch.optim.Adamax`.

    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2014, section 7.1.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_adam(lr, betas, eps, weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _update(self, group: Group, params: list[Tensor], grads: list[Tensor]) -> None:
        beta1, beta2 = group["betas"]
        for step, chosen, their_grads in self._counted(params, grads):
            ops.adamax_step_(
                chosen,
                their_grads,
                self._buffers(chosen, "exp_avg"),
                self._buffers(chosen, "exp_inf"),
                rate(group) / (1 - beta1**step),
                beta1=beta1,
                beta2=beta2,
                eps=group["eps"],
                weight_decay=group["weight_decay"],
                maximize=group["maximize"],
            )
