"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from teletensor_core.errors import ArgumentError

from teletensor import ops
from teletensor.optim.optimizer import Group
from teletensor.optim.stepwise import Stepwise, check, rate
from teletensor.tensor import Tensor

_OPTIONS = ("momentum", "dampening", "weight_decay", "nesterov", "maximize")


class SGD(Stepwise):
    """Gradient descent with momentum, dampening, weight decay and Nesterov's variant, as `torch.optim.SGD`."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check(bool(lr >= 0.0), "learning rate", lr)
        check(momentum >= 0.0, "momentum value", momentum)
        check(bool(weight_decay >= 0.0), "weight_decay value", weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ArgumentError("Nesterov momentum requires a momentum and zero dampening")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def _update(self, group: Group, params: list[Tensor], grads: list[Tensor]) -> None:
        options = {name: group[name] for name in _OPTIONS}
        if not group["momentum"]:
            ops.sgd_step_(params, grads, [], rate(group), 0, **options)
            return
        pairs = list(zip(params, grads, strict=True))
        fresh = [self.state[p].get("momentum_buffer") is None for p in params]
        for first in (True, False):
            some = [pair for pair, new in zip(pairs, fresh, strict=True) if new is first]
            if some:
                chosen = [p for p, _ in some]
                buffers = self._buffers(chosen, "momentum_buffer")
                ops.sgd_step_(chosen, [g for _, g in some], buffers, rate(group), int(first), **options)
