"""Rates that follow from the steps so far."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from teletensor import ops
from teletensor.optim.optimizer import Group
from teletensor.optim.stepwise import Stepwise, check, rate
from teletensor.tensor import Tensor


class Adadelta(Stepwise):
    """Steps as large as recent ones were, by the gradient's running size, as `torch.optim.Adadelta`.

    Source: Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check(bool(lr >= 0.0), "learning rate", lr)
        check(0.0 <= rho <= 1.0, "rho value", rho)
        check(eps >= 0.0, "epsilon value", eps)
        check(weight_decay >= 0.0, "weight_decay value", weight_decay)
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _update(self, group: Group, params: list[Tensor], grads: list[Tensor]) -> None:
        for p in params:
            self._count(p)
        options = {name: group[name] for name in ("rho", "eps", "weight_decay", "maximize")}
        squares, steps = self._buffers(params, "square_avg"), self._buffers(params, "acc_delta")
        ops.adadelta_step_(params, grads, squares, steps, rate(group), **options)
