"""Rates divided by the sum of squares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from teletensor import ops
from teletensor.factories import full_like
from teletensor.optim import counters
from teletensor.optim.optimizer import Group
from teletensor.optim.stepwise import Stepwise, check, rate
from teletensor.tensor import Tensor


class Adagrad(Stepwise):
    """Steps divided by the root of all squared gradients so far, as `torch.optim.Adagrad`.

    Source: Duchi, Hazan and Singer, "Adaptive Subgradient Methods", JMLR 12, 2011.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check(bool(lr >= 0.0), "learning rate", lr)
        check(lr_decay >= 0.0, "lr_decay value", lr_decay)
        check(weight_decay >= 0.0, "weight_decay value", weight_decay)
        check(initial_accumulator_value >= 0.0, "initial_accumulator_value value", initial_accumulator_value)
        check(eps >= 0.0, "epsilon value", eps)
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        for group in self.param_groups:
            for p in group["params"]:
                start = full_like(p, group["initial_accumulator_value"])
                self.state[p] = {"step": counters.new(0.0), "sum": start}

    def _update(self, group: Group, params: list[Tensor], grads: list[Tensor]) -> None:
        options = {name: group[name] for name in ("eps", "weight_decay", "maximize")}
        for step, chosen, their_grads in self._counted(params, grads):
            lr = rate(group) / (1 + (step - 1) * group["lr_decay"])
            ops.adagrad_step_(chosen, their_grads, self._buffers(chosen, "sum"), lr, **options)
