"""`torch.amp.GradScaler`: losses scaled up, so that small gradients survive half precision."""

from __future__ import annotations

import warnings
from typing import Any

from teletensor_core.errors import GradientError

from teletensor import grad_mode, ops, sessions
from teletensor.tensor import Tensor


class GradScaler:
    """Scales losses; steps only when all gradients are finite; halves the scale when they are not, raises it when
    they were.

    A step waits once: whether gradients are finite is data. Without a worker, a scaler for "cuda" switches itself off.
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        if enabled and device != "cpu" and not sessions.accelerators():
            warnings.warn(
                f"torch.{device}.amp.GradScaler is enabled, but {device.upper()} is not available.  Disabling. "
                "(No worker is connected.)",
                stacklevel=2,
            )
            enabled = False
        self._enabled = enabled
        self._scale = float(init_scale)
        self._growth_factor, self._backoff_factor = growth_factor, backoff_factor
        self._growth_interval = growth_interval
        self._growth_tracker = 0
        # By optimizer: whether its gradients are unscaled, and whether one was not finite.
        self._unscaled: dict[int, bool] = {}
        self._stepped: set[int] = set()

    def scale(self, outputs: Any) -> Any:
        """A tensor times the scale, or a list or tuple of such."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, Tensor):
            return outputs * self._scale
        return type(outputs)([self.scale(x) for x in outputs])

    def unscale_(self, optimizer: Any) -> None:
        """Divide the gradients of an optimizer's parameters by the scale: for clipping them before `step`."""
        if not self._enabled:
            return
        if id(optimizer) in self._unscaled:
            raise GradientError("unscale_() has already been called on this optimizer since the last update().")
        grads = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        with grad_mode.no_grad():
            for g in grads:
                ops.mul_(g, 1.0 / self._scale)
            self._unscaled[id(optimizer)] = bool(grads) and not self._all_finite(grads)

    def _all_finite(self, grads: list[Tensor]) -> bool:
        by_session: dict[Any, list[Tensor]] = {}
        for g in grads:
            by_session.setdefault(g._session, []).append(ops.all(ops.isfinite(g)))
        return all(bool(ops.all(ops.stack(flags))) for flags in by_session.values())

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """`optimizer.step()`, unless a gradient is infinite or NaN: then nothing."""
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise GradientError("Closure use is not currently supported if GradScaler is enabled.")
        if id(optimizer) in self._stepped:
            raise GradientError("step() has already been called since the last update().")
        if id(optimizer) not in self._unscaled:
            self.unscale_(optimizer)
        self._stepped.add(id(optimizer))
        return None if self._unscaled[id(optimizer)] else optimizer.step(*args, **kwargs)

    def update(self, new_scale: float | Tensor | None = None) -> None:
        """Set the scale for the next step: smaller after a bad one, larger after enough good ones."""
        if not self._enabled:
            return
        if new_scale is not None:
            self._scale = float(new_scale)
        elif not self._unscaled:
            raise GradientError("No inf checks were recorded prior to update.")
        elif any(self._unscaled.values()):
            self._scale, self._growth_tracker = self._scale * self._backoff_factor, 0
        else:
            self._growth_tracker += 1
            if self._growth_tracker == self._growth_interval:
                self._scale, self._growth_tracker = self._scale * self._growth_factor, 0
        self._unscaled.clear()
        self._stepped.clear()

    # -- the state -----------------------------------------------------------------------------------------------------

    def is_enabled(self) -> bool:
        """Whether this scaler does anything."""
        return self._enabled

    def get_scale(self) -> float:
        """The scale; 1.0 when switched off."""
        return self._scale if self._enabled else 1.0

    def get_growth_factor(self) -> float:
        """What the scale is raised by."""
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Set what the scale is raised by."""
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        """What the scale is lowered by."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Set what the scale is lowered by."""
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        """After how many good steps the scale is raised."""
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        """Set after how many good steps the scale is raised."""
        self._growth_interval = new_interval

    def state_dict(self) -> dict[str, Any]:
        """The state as PyTorch's scaler keeps it; empty when switched off."""
        if not self._enabled:
            return {}
        return {
            "scale": self._scale,
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._growth_tracker,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Put back what `state_dict` gave."""
        if not self._enabled:
            return
        if not state_dict:
            raise GradientError(
                "The source state dict is empty, possibly because it was saved from a disabled GradScaler."
            )
        self._scale = state_dict["scale"]
        self._growth_factor, self._backoff_factor = state_dict["growth_factor"], state_dict["backoff_factor"]
        self._growth_interval, self._growth_tracker = state_dict["growth_interval"], state_dict["_growth_tracker"]
