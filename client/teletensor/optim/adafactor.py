"""Adafactor: second moments of matrices by their rows and columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from teletensor_core.errors import ArgumentError, GradientError

from teletensor import factories, linalg, ops
from teletensor.functions.limits import finfo
from teletensor.optim.optimizer import Group
from teletensor.optim.stepwise import Stepwise, rate
from teletensor.tensor import Tensor


class Adafactor(Stepwise):
    """Steps divided by a root mean square that is kept as a row and a column, as `torch.optim.Adafactor`.

    Source: Shazeer and Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", 2018. Nothing waits: the
    norms that scale a step stay where the parameters are.
    """

    def __init__(
        self, params: Iterable[Any], lr: float | Tensor = 1e-2, beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3), d: float = 1.0, weight_decay: float = 0.0, *,
        foreach: bool | None = None, maximize: bool = False,
    ) -> None:  # fmt: skip
        for fits, what, value in (
            (bool(lr >= 0), "Learning rate should be >= 0", lr),
            (beta2_decay <= 0, "beta2_decay should be <= 0", beta2_decay),
            (eps[0] is None or eps[0] >= 0, "epsilon1 should be >= 0", eps[0]),
            (eps[1] >= 0, "epsilon2 should be >= 0", eps[1]),
            (d >= 1, "Clipping threshold d should be >= 1", d),
            (weight_decay >= 0, "weight_decay should be >= 0", weight_decay),
        ):
            if not fits:
                raise ArgumentError(f"{what} but is: {value}")
        defaults = {
            "lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _update(self, group: Group, params: list[Tensor], grads: list[Tensor]) -> None:
        lr, (eps1, eps2) = rate(group), group["eps"]
        for p, given in zip(params, grads, strict=True):
            if p.is_complex():
                raise GradientError("Adafactor does not support complex parameters")
            step = self._count(p)
            grad = ops.neg(given) if group["maximize"] else given
            least = finfo(p.dtype).eps if eps1 is None else eps1
            weight = step ** group["beta2_decay"]
            scale = ops.mul(ops.clamp_min(_rms(p), eps2), min(lr, 1 / step**0.5))
            if group["weight_decay"]:
                ops.mul_(p, 1 - lr * group["weight_decay"])
            variance = self._factored(p, grad, weight, least) if grad.ndim > 1 else self._whole(p, grad, weight)
            update = ops.mul(ops.rsqrt(ops.clamp_min(variance, least * least)), grad)
            limit = ops.clamp_min(ops.div(_rms(update), group["d"]), 1.0)
            ops.sub_(p, ops.mul(update, ops.div(scale, limit)))

    def _factored(self, p: Tensor, grad: Tensor, weight: float, least: float) -> Tensor:
        """The running mean of the squared gradient, as far as its rows' and columns' means tell."""
        state = self.state[p]
        for name, dim in (("row_var", -1), ("col_var", -2)):
            norms = linalg.vector_norm(grad, 2, dim, keepdim=True)
            mean = ops.div(ops.square(norms), grad.shape[dim])
            if name not in state:
                state[name] = factories.zeros_like(mean)
            ops.lerp_(state[name], mean, weight)
        row = ops.clamp_min(ops.mean(state["row_var"], -2, True), least)
        return ops.div(ops.matmul(state["row_var"], state["col_var"]), row)

    def _whole(self, p: Tensor, grad: Tensor, weight: float) -> Tensor:
        (variance,) = self._buffers([p], "variance")
        ops.lerp_(variance, ops.square(grad), weight)
        return variance


def _rms(x: Tensor) -> Tensor:
    return ops.div(linalg.vector_norm(x), x.numel() ** 0.5)
