"""Adam with Nesterov's momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from teletensor import ops
from teletensor.optim import counters
from teletensor.optim.optimizer import Group
from teletensor.optim.stepwise import Stepwise, check, check_adam, rate
from teletensor.tensor import Tensor


class NAdam(Stepwise):
    """Adam with Nesterov's momentum, as `torch.optim.NAdam`.

    Source: Dozat, "Incorporating Nesterov Momentum into Adam", 2016.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_adam(lr, betas, eps, weight_decay)
        check(momentum_decay >= 0.0, "momentum_decay value", momentum_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _update(self, group: Group, params: list[Tensor], grads: list[Tensor]) -> None:
        beta1, beta2 = group["betas"]
        lr, decay = rate(group), group["momentum_decay"]
        for step, chosen, their_grads in self._counted(params, grads):
            mu = beta1 * (1.0 - 0.5 * 0.96 ** (step * decay))
            mu_next = beta1 * (1.0 - 0.5 * 0.96 ** ((step + 1) * decay))
            products = [self._product(p, mu) for p in chosen]
            product = products[0]
            ops.nadam_step_(
                chosen,
                their_grads,
                self._buffers(chosen, "exp_avg"),
                self._buffers(chosen, "exp_avg_sq"),
                lr,
                lr * (1.0 - mu) / (1.0 - product),
                lr * mu_next / (1.0 - product * mu_next),
                1 - beta2**step,
                beta1=beta1,
                beta2=beta2,
                eps=group["eps"],
                weight_decay=group["weight_decay"],
                decoupled=group["decoupled_weight_decay"],
                maximize=group["maximize"],
            )

    def _product(self, p: Tensor, mu: float) -> float:
        """The product of all momenta of a parameter so far, which depends on its number of steps only."""
        state = self.state[p]
        if "mu_product" not in state:
            state["mu_product"] = counters.new(1.0)
        return counters.multiply(state["mu_product"], mu)
