"""Steps that go by the gradients' signs alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from teletensor import factories, functions, ops
from teletensor.optim.optimizer import Group
from teletensor.optim.stepwise import Stepwise, check, rate
from teletensor.tensor import Tensor


class Rprop(Stepwise):
    """Steps whose size each element finds by its gradient's changes of sign, as `torch.optim.Rprop`.

    Source: Riedmiller and Braun, "A Direct Adaptive Method for Faster Backpropagation Learning", 1993.
    """

    def __init__(
        self, params: Iterable[Any], lr: float | Tensor = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50), *, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        check(bool(lr >= 0.0), "learning rate", lr)
        check(0.0 < etas[0] < 1.0 < etas[1], "eta values", f"{etas[0]}, {etas[1]}")
        defaults = {
            "lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _update(self, group: Group, params: list[Tensor], grads: list[Tensor]) -> None:
        (less, more), (least, most) = group["etas"], group["step_sizes"]
        for p, given in zip(params, grads, strict=True):
            self._count(p)
            state = self.state[p]
            grad = ops.neg(given) if group["maximize"] else given
            if "prev" not in state:
                state["prev"] = factories.zeros_like(p)
                state["step_size"] = factories.full_like(grad, rate(group))
            product = ops.mul(grad, state["prev"])
            factor = functions.where(ops.gt(product, 0), more, functions.where(ops.lt(product, 0), less, 1.0))
            ops.copy_(state["step_size"], functions.clamp(ops.mul(state["step_size"], factor.to(p.dtype)), least, most))
            grad = functions.where(ops.lt(product, 0), 0.0, grad)
            ops.sub_(p, ops.mul(ops.sign(grad), state["step_size"]))
            ops.copy_(state["prev"], grad)
