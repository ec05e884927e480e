"""L-BFGS: a quasi-Newton method. Vectors stay on the device; a few numbers are read in each iteration."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from teletensor_core.errors import ArgumentError, ArgumentTypeError

from teletensor import ops
from teletensor.factories import zeros
from teletensor.grad_mode import enable_grad, no_grad
from teletensor.optim.line_search import Point, strong_wolfe
from teletensor.optim.optimizer import Optimizer
from teletensor.optim.stepwise import check, rate
from teletensor.tensor import Tensor

# Curvature below this is noise: the pair is not remembered.
_LEAST_CURVATURE = 1e-10


class LBFGS(Optimizer):
    """Limited-memory BFGS, as `torch.optim.LBFGS`: one group of real parameters, all on one device.

    `step` needs a closure that clears the gradients, computes the loss, calls backward and returns the loss; it is
    called several times. Source: Nocedal and Wright, "Numerical Optimization", 2006, algorithm 7.4.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check(bool(lr >= 0.0), "learning rate", lr)
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ArgumentError("LBFGS doesn't support per-parameter options (parameter groups)")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Iterate until a tolerance or a limit is reached; the loss before the first iteration."""
        if closure is None:
            raise ArgumentTypeError(
                "LBFGS.step() missing 1 required positional argument: 'closure', which computes the loss"
            )
        with no_grad():
            return _Run(self, closure).run()


class _Run:
    """One call of `step`. What lasts until the next is in the optimiser's state of the first parameter."""

    def __init__(self, optimizer: LBFGS, closure: Callable[[], Any]) -> None:
        self.closure = closure
        self.group = optimizer.param_groups[0]
        self.params: list[Tensor] = self.group["params"]
        self.state = optimizer.state[self.params[0]]
        self.state.setdefault("func_evals", 0)
        self.state.setdefault("n_iter", 0)
        self.evaluations = 0
        self.first_loss: Any = None

    def run(self) -> Any:
        """Iterate; the first loss, as the closure gave it."""
        group, state = self.group, self.state
        here = self._evaluate(0.0)
        taken = 0
        while here.steepest > group["tolerance_grad"] and taken < group["max_iter"]:
            taken += 1
            state["n_iter"] += 1
            direction = self._direction(here.gradient)
            size = rate(group)
            total, slope, longest = _numbers(
                here.gradient.abs().sum(), here.gradient.dot(direction), direction.abs().max()
            )
            if state["n_iter"] == 1:
                size *= min(1.0, 1.0 / total)
            here.slope = slope
            state.update(d=direction, t=size, prev_flat_grad=here.gradient, prev_loss=here.loss)
            if slope > -group["tolerance_change"]:
                break
            before, here = here, self._advance(here, direction, size, longest, last=taken == group["max_iter"])
            state["t"] = here.size
            if self.evaluations >= group["max_eval"] or longest * here.size <= group["tolerance_change"]:
                break
            if abs(here.loss - before.loss) < group["tolerance_change"]:
                break
        return self.first_loss

    def _advance(self, here: Point, direction: Tensor, size: float, longest: float, last: bool) -> Point:
        """Move along the direction; the point there. After the last move it is not evaluated, unless by the search."""
        search = self.group["line_search_fn"]
        if search is None:
            self._move(size, direction)
            return Point(size, here.loss, 0.0, here.gradient, here.steepest) if last else self._evaluate(size)
        if search != "strong_wolfe":
            raise RuntimeError("only 'strong_wolfe' is supported")
        start = [p.clone() for p in self.params]

        def evaluate(size: float) -> Point:
            self._move(size, direction)
            found = self._evaluate(size, direction)
            for p, value in zip(self.params, start, strict=True):
                p.copy_(value)
            return found

        most = self.group["max_eval"] - self.evaluations
        # Sizes are along the new direction: where the last search ended is where this one begins.
        found, _ = strong_wolfe(evaluate, replace(here, size=0.0), size, longest, 1e-9, most)
        self._move(found.size, direction)
        return found

    def _evaluate(self, size: float, direction: Tensor | None = None) -> Point:
        """The closure's loss and gradient, and what has to be known of them, read at once."""
        with enable_grad():
            loss = self.closure()
        if self.first_loss is None:
            self.first_loss = loss
        self.evaluations += 1
        self.state["func_evals"] += 1
        gradient = _flat_gradient(self.params)
        slope = gradient.abs().max() if direction is None else gradient.dot(direction)
        value, slope_there, steepest = _numbers(loss, slope, gradient.abs().max())
        return Point(size, value, slope_there, gradient, steepest)

    def _move(self, size: float, direction: Tensor) -> None:
        at = 0
        for p in self.params:
            p.add_(direction[at : at + p.numel()].view(p.shape), alpha=size)
            at += p.numel()

    def _direction(self, gradient: Tensor) -> Tensor:
        """Minus the approximate inverse Hessian times the gradient."""
        state = self.state
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
            return gradient.neg()
        self._remember(gradient)
        changes, steps, weights = state["old_dirs"], state["old_stps"], state["ro"]
        q, shares = gradient.neg(), []
        for y, s, weight in zip(reversed(changes), reversed(steps), reversed(weights), strict=True):
            shares.append(s.dot(q) * weight)
            q = q - y * shares[-1]
        r: Tensor = q * state["H_diag"]
        for y, s, weight in zip(changes, steps, weights, strict=True):
            r = r + s * (shares.pop() - y.dot(r) * weight)
        return r

    def _remember(self, gradient: Tensor) -> None:
        """Keep how the gradient changed over the last step, if the function curved upwards along it."""
        state = self.state
        y = gradient - state["prev_flat_grad"]
        s = state["d"] * state["t"]
        curvature, square = _numbers(y.dot(s), y.dot(y))
        if curvature <= _LEAST_CURVATURE:
            return
        if len(state["old_dirs"]) == self.group["history_size"]:
            for name in ("old_dirs", "old_stps", "ro"):
                state[name].pop(0)
        state["old_dirs"].append(y)
        state["old_stps"].append(s)
        state["ro"].append(1.0 / curvature)
        state["H_diag"] = curvature / square


def _flat_gradient(params: list[Tensor]) -> Tensor:
    """All gradients as one vector, zeros where there is none."""
    return ops.cat([_flat(p) for p in params], dim=0)


def _flat(p: Tensor) -> Tensor:
    grad: Any = p.grad
    return zeros(p.numel(), dtype=p.dtype, device=p.device) if grad is None else grad.reshape(-1)


def _numbers(*tensors: Any) -> list[float]:
    """The values of tensors of one element and one session: one round trip."""
    session = next(x._session for x in tensors if isinstance(x, Tensor))
    refs = [x._ref for x in tensors if isinstance(x, Tensor)]
    found = iter(session.read(refs))
    return [float(next(found).reshape(())) if isinstance(x, Tensor) else float(x) for x in tensors]
