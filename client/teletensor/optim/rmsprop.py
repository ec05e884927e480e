"""Rates divided by a running mean of squares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from teletensor import ops
from teletensor.optim.optimizer import Group
from teletensor.optim.stepwise import Stepwise, check, rate
from teletensor.tensor import Tensor


class RMSprop(Stepwise):
    """Steps divided by a running root mean square of the gradient, as `torch.optim.RMSprop`.

    Source: Hinton, "Neural Networks for Machine Learning", lecture 6e, 2012.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check(bool(lr >= 0.0), "learning rate", lr)
        check(eps >= 0.0, "epsilon value", eps)
        check(momentum >= 0.0, "momentum value", momentum)
        check(weight_decay >= 0.0, "weight_decay value", weight_decay)
        check(alpha >= 0.0, "alpha value", alpha)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _update(self, group: Group, params: list[Tensor], grads: list[Tensor]) -> None:
        for p in params:
            self._count(p)
        options = {name: group[name] for name in ("alpha", "eps", "weight_decay", "momentum", "centered", "maximize")}
        squares = self._buffers(params, "square_avg")
        momenta = self._buffers(params, "momentum_buffer") if group["momentum"] else []
        means = self._buffers(params, "grad_avg") if group["centered"] else []
        ops.rmsprop_step_(params, grads, squares, means, momenta, rate(group), **options)
