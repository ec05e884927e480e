"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from teletensor_core.errors import ArgumentError

from teletensor import ops
from teletensor.optim.optimizer import Group, Optimizer, check
from teletensor.tensor import Tensor


class SGD(Optimizer):
    """Gradient descent with momentum, dampening, weight decay and Nesterov's variant, as `torch.optim.SGD`."""

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, momentum: float = 0, dampening: float = 0, weight_decay: float = 0,
        nesterov: bool = False, *, maximize: bool = False, foreach: bool | None = None, differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:  # fmt: skip
        check(lr >= 0, "learning rate", lr)
        check(momentum >= 0, "momentum value", momentum)
        check(weight_decay >= 0, "weight_decay value", weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ArgumentError("Nesterov momentum requires a momentum and zero dampening")
        defaults = {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
            "maximize": maximize, "foreach": foreach, "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _update(self, group: Group, params: list[Tensor], grads: list[Tensor]) -> None:
        options = {name: group[name] for name in ("momentum", "dampening", "weight_decay", "nesterov", "maximize")}
        if not group["momentum"]:
            ops.sgd_step_(params, grads, [], group["lr"], 0, **options)
            return
        fresh = [self.state[p].get("momentum_buffer") is None for p in params]
        for first in (True, False):
            some = [i for i, new in enumerate(fresh) if new is first]
            if some:
                chosen = [params[i] for i in some]
                buffers = self._buffers(chosen, "momentum_buffer")
                ops.sgd_step_(chosen, [grads[i] for i in some], buffers, group["lr"], int(first), **options)
