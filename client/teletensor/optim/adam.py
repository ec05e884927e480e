"""Adam: steps by running means of the gradients and of their squares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from teletensor import ops
from teletensor.optim.optimizer import Group
from teletensor.optim.stepwise import Stepwise, check_adam, rate
from teletensor.tensor import Tensor


class Adam(Stepwise):
    """Adam, as `torch.optim.Adam`; `weight_decay` is added to the gradient unless it is decoupled.

    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2014; `amsgrad`: Reddi, Kale and Kumar, "On the
    Convergence of Adam and Beyond", 2018.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        check_adam(lr, betas, eps, weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def _update(self, group: Group, params: list[Tensor], grads: list[Tensor]) -> None:
        beta1, beta2 = group["betas"]
        for step, chosen, their_grads in self._counted(params, grads):
            ops.adam_step_(
                chosen,
                their_grads,
                self._buffers(chosen, "exp_avg"),
                self._buffers(chosen, "exp_avg_sq"),
                self._buffers(chosen, "max_exp_avg_sq") if group["amsgrad"] else [],
                rate(group),
                step,
                beta1=beta1,
                beta2=beta2,
                eps=group["eps"],
                weight_decay=group["weight_decay"],
                decoupled=group["decoupled_weight_decay"],
                amsgrad=group["amsgrad"],
                maximize=group["maximize"],
            )
