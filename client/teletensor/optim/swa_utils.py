"""Averages of a model's weights: `AveragedModel`, its averaging functions, `SWALR` and `update_bn`."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal

from teletensor_core.errors import ArgumentError

from teletensor import factories, ops
from teletensor import missing as _missing
from teletensor.grad_mode import no_grad
from teletensor.nn.batchnorm import _BatchNorm
from teletensor.nn.module import Module
from teletensor.optim.lr_scheduler import LRScheduler
from teletensor.optim.optimizer import Optimizer
from teletensor.tensor import Tensor

__all__ = [
    "SWALR", "AveragedModel", "get_ema_avg_fn", "get_ema_multi_avg_fn", "get_swa_avg_fn", "get_swa_multi_avg_fn",
    "update_bn",
]  # fmt: skip


def get_ema_avg_fn(decay: float = 0.999) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """A function that averages exponentially: `decay` of the average, the rest of what is new."""
    _check_decay(decay)

    def average(averaged: Tensor, new: Tensor, count: Tensor) -> Tensor:
        with no_grad():
            return decay * averaged + (1 - decay) * new

    return average


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[[list[Tensor], list[Tensor], Tensor], None]:
    """`get_ema_avg_fn` for lists, in place."""
    _check_decay(decay)

    def average(averaged: list[Tensor], new: list[Tensor], count: Tensor) -> None:
        with no_grad():
            for a, b in zip(averaged, new, strict=True):
                a.lerp_(b.to(a.device, a.dtype), 1 - decay) if a.is_floating_point() else a.copy_(b)

    return average


def _check_decay(decay: float) -> None:
    if not 0.0 <= decay <= 1.0:
        raise ArgumentError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")


def get_swa_avg_fn() -> Callable[[Tensor, Tensor, Any], Tensor]:
    """A function that gives all models the same weight."""

    def average(averaged: Tensor, new: Tensor, count: Any) -> Tensor:
        with no_grad():
            made: Tensor = averaged + (new - averaged) / (count + 1)
            return made

    return average


def get_swa_multi_avg_fn() -> Callable[[list[Tensor], list[Tensor], Any], None]:
    """`get_swa_avg_fn` for lists, in place."""

    def average(averaged: list[Tensor], new: list[Tensor], count: Any) -> None:
        with no_grad():
            for a, b in zip(averaged, new, strict=True):
                a.copy_(a + (b - a) / (count + 1)) if a.is_floating_point() else a.copy_(b)

    return average


class AveragedModel(Module):
    """A copy of a model, as `module`, whose parameters are averages of the model's at each `update_parameters`.

    Equal weights by default; `avg_fn(averaged, new, n_averaged)` gives another average, `multi_avg_fn` writes it into
    lists. With `use_buffers` buffers are averaged too, otherwise copied.
    """

    def __init__(
        self, model: Module, device: Any = None, avg_fn: Callable[..., Tensor] | None = None,
        multi_avg_fn: Callable[..., None] | None = None, use_buffers: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        assert avg_fn is None or multi_avg_fn is None, "Only one of avg_fn and multi_avg_fn should be provided"
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", factories.tensor(0, device=device))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers
        # The number of updates, which need not be read from the buffer.
        self._count: int | None = 0

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the averaged model gives."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Let the model's present parameters be a part of the average."""
        mine, theirs = self._averaged(self.module), self._averaged(model)
        with no_grad():
            count: Any = int(self.n_averaged.item()) if self._count is None else self._count
            if count == 0:
                for a, b in zip(mine, theirs, strict=True):
                    a.copy_(b.detach())
            elif self.avg_fn is not None:
                for a, b in zip(mine, theirs, strict=True):
                    a.copy_(self.avg_fn(a.detach(), b.detach().to(a.device), self.n_averaged))
            else:
                average = self.multi_avg_fn or get_swa_multi_avg_fn()
                average([a.detach() for a in mine], [b.detach() for b in theirs], count)
            if not self.use_buffers:
                for a, b in zip(self.module.buffers(), model.buffers(), strict=True):
                    a.copy_(b)
            ops.add_(self.n_averaged, 1)
            self._count = count + 1

    def _averaged(self, model: Module) -> list[Tensor]:
        more: Iterable[Tensor] = model.buffers() if self.use_buffers else ()
        return list(itertools.chain(model.parameters(), more))

    def _load_from_state_dict(self, *args: Any, **kwargs: Any) -> None:
        super()._load_from_state_dict(*args, **kwargs)
        self._count = None


@no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running statistics of batch normalisation anew, as plain averages over one pass of `loader`."""
    momenta = {}
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.reset_running_stats()
            momenta[module] = module.momentum
    if not momenta:
        return
    was_training = model.training
    model.train()
    for module in momenta:
        module.momentum = None
    for given in loader:
        input = given[0] if isinstance(given, (list, tuple)) else given
        model(input if device is None else input.to(device))
    for module, momentum in momenta.items():
        module.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """Anneals the learning rate to `swa_lr` in `anneal_epochs` steps, then keeps it."""

    def __init__(
        self, optimizer: Optimizer, swa_lr: float | list[float], anneal_epochs: int = 10,
        anneal_strategy: Literal["cos", "linear"] = "cos", last_epoch: int = -1,
    ) -> None:  # fmt: skip
        if anneal_strategy not in ("cos", "linear"):
            raise ArgumentError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ArgumentError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        wanted = swa_lr if isinstance(swa_lr, (list, tuple)) else [swa_lr] * len(optimizer.param_groups)
        for rate, group in zip(wanted, optimizer.param_groups, strict=True):
            group["swa_lr"] = rate
        self._strategy, self.anneal_epochs = anneal_strategy, anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _share(self, t: float) -> float:
        return (1 - math.cos(math.pi * t)) / 2 if self._strategy == "cos" else t

    def get_lr(self) -> list[Any]:
        """The rates of this step."""
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before = self._share(max(0, min(1, (step - 1) / max(1, self.anneal_epochs))))
        share = self._share(max(0, min(1, step / max(1, self.anneal_epochs))))
        rates = []
        for group in self.optimizer.param_groups:
            rate, goal = group["lr"], group["swa_lr"]
            start = goal if before == 1 else (rate - before * goal) / (1 - before)
            rates.append(goal * share + start * (1 - share))
        return rates


if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
