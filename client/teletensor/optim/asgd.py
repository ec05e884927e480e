"""Gradient descent with an average of the parameters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from teletensor import factories, ops
from teletensor.optim import counters
from teletensor.optim.optimizer import Group
from teletensor.optim.stepwise import Stepwise, check, rate
from teletensor.tensor import Tensor


class ASGD(Stepwise):
    """Stochastic gradient descent with an average of its parameters, as `torch.optim.ASGD`.

    Source: Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992.
    """

    def __init__(
        self, params: Iterable[Any], lr: float | Tensor = 1e-2, lambd: float = 1e-4, alpha: float = 0.75,
        t0: float = 1e6, weight_decay: float = 0, foreach: bool | None = None, maximize: bool = False,
        differentiable: bool = False, capturable: bool = False,
    ) -> None:  # fmt: skip
        check(bool(lr >= 0.0), "learning rate", lr)
        check(weight_decay >= 0.0, "weight_decay value", weight_decay)
        defaults = {
            "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _update(self, group: Group, params: list[Tensor], grads: list[Tensor]) -> None:
        lr, lambd = rate(group), group["lambd"]
        for p, given in zip(params, grads, strict=True):
            step, state = self._count(p), self.state[p]
            if "ax" not in state:
                state["eta"], state["mu"] = counters.new(lr), counters.new(1.0)
                state["ax"] = factories.zeros_like(p)
            eta, mu = float(state["eta"].item()), float(state["mu"].item())
            grad = ops.neg(given) if group["maximize"] else given
            if group["weight_decay"]:
                grad = ops.add(grad, ops.mul(p, group["weight_decay"]))
            ops.mul_(p, 1 - lambd * eta)
            ops.sub_(p, ops.mul(grad, eta))
            if mu == 1:
                ops.copy_(state["ax"], p)
            else:
                ops.add_(state["ax"], ops.mul(ops.sub(p, state["ax"]), mu))
            state["eta"] = counters.new(lr / ((1 + lambd * lr * step) ** group["alpha"]))
            state["mu"] = counters.new(1 / max(1, step - group["t0"]))
