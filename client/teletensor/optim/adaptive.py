"""RMSprop and Adagrad."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from teletensor import ops
from teletensor.factories import full_like
from teletensor.optim.optimizer import Group, Optimizer, check
from teletensor.tensor import Tensor


class RMSprop(Optimizer):
    """RMSprop, as `torch.optim.RMSprop`."""

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8, weight_decay: float = 0,
        momentum: float = 0, centered: bool = False, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        check(lr >= 0, "learning rate", lr)
        check(eps >= 0, "epsilon value", eps)
        check(alpha >= 0, "alpha value", alpha)
        defaults = {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered, "weight_decay": weight_decay,
            "capturable": capturable, "foreach": foreach, "maximize": maximize, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _update(self, group: Group, params: list[Tensor], grads: list[Tensor]) -> None:
        ops.rmsprop_step_(
            params,
            grads,
            self._buffers(params, "square_avg"),
            self._buffers(params, "grad_avg") if group["centered"] else [],
            self._buffers(params, "momentum_buffer") if group["momentum"] else [],
            group["lr"],
            **{name: group[name] for name in ("alpha", "eps", "weight_decay", "momentum", "centered", "maximize")},
        )


class Adagrad(Optimizer):
    """Adagrad, as `torch.optim.Adagrad`."""

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-2, lr_decay: float = 0, weight_decay: float = 0,
        initial_accumulator_value: float = 0, eps: float = 1e-10, foreach: bool | None = None, *, maximize: bool = False,
        differentiable: bool = False, fused: bool | None = None,
    ) -> None:  # fmt: skip
        check(lr >= 0, "learning rate", lr)
        check(lr_decay >= 0, "lr_decay value", lr_decay)
        defaults = {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, defaults)
        for p in self._parameters():
            self.state[p]["sum"] = full_like(p, initial_accumulator_value)

    def _update(self, group: Group, params: list[Tensor], grads: list[Tensor]) -> None:
        by_param = dict(zip(map(id, params), grads, strict=True))
        for step, chosen in self._count(params):
            lr = group["lr"] / (1 + (step - 1) * group["lr_decay"])
            ops.adagrad_step_(
                chosen,
                [by_param[id(p)] for p in chosen],
                self._buffers(chosen, "sum"),
                lr,
                **{name: group[name] for name in ("eps", "weight_decay", "maximize")},
            )
