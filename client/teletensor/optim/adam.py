"""Adam and AdamW."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from teletensor import ops
from teletensor.optim.optimizer import Group, Optimizer, check
from teletensor.tensor import Tensor


class Adam(Optimizer):
    """Adam, as `torch.optim.Adam`; `weight_decay` is added to the gradient."""

    decoupled = False

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, amsgrad: bool = False, *, foreach: bool | None = None, maximize: bool = False,
        capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:  # fmt: skip
        check(lr >= 0, "learning rate", lr)
        check(eps >= 0, "epsilon value", eps)
        for i, beta in enumerate(betas):
            check(0 <= beta < 1, f"beta parameter at index {i}", beta)
        check(weight_decay >= 0, "weight_decay value", weight_decay)
        defaults = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad, "maximize": maximize,
            "foreach": foreach, "capturable": capturable, "differentiable": differentiable, "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay or self.decoupled,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _update(self, group: Group, params: list[Tensor], grads: list[Tensor]) -> None:
        beta1, beta2 = group["betas"]
        by_param = dict(zip(map(id, params), grads, strict=True))
        for step, chosen in self._count(params):
            ops.adam_step_(
                chosen,
                [by_param[id(p)] for p in chosen],
                self._buffers(chosen, "exp_avg"),
                self._buffers(chosen, "exp_avg_sq"),
                self._buffers(chosen, "max_exp_avg_sq") if group["amsgrad"] else [],
                group["lr"],
                step,
                beta1=beta1,
                beta2=beta2,
                eps=group["eps"],
                weight_decay=group["weight_decay"],
                decoupled=group["decoupled_weight_decay"],
                amsgrad=group["amsgrad"],
                maximize=group["maximize"],
            )


class AdamW(Adam):
    """Adam with decoupled weight decay, as `torch.optim.AdamW`."""

    decoupled = True

    def __init__(self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 1e-2, amsgrad: bool = False, **options: Any) -> None:  # fmt: skip
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, **options)
