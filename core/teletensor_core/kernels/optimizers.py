"""Steps of optimisers on one piece of a parameter and of its state, with one temporary."""

from __future__ import annotations

from typing import Any


def gradient(p: Any, g: Any, weight_decay: float, maximize: bool) -> Any:
    """The gradient to descend, with L2 decay; a new array only when something changes."""
    if maximize:
        g = -g
    return g + p * weight_decay if weight_decay else g


def sgd(
    xp: Any,
    p: Any,
    g: Any,
    buffer: Any,
    lr: Any,
    first: Any,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
    maximize: bool,
) -> None:
    """One step of stochastic gradient descent; `first` is 1 when the momentum buffer is new."""
    d = gradient(p, g, weight_decay, maximize)
    if momentum:
        if first:
            xp.copyto(buffer, d)
        else:
            buffer *= momentum
            buffer += d if dampening == 0 else d * (1 - dampening)
        d = d + buffer * momentum if nesterov else buffer
    p -= (d * lr).astype(p.dtype)


def adam_numbers(beta1: float, beta2: float, eps: float, size: Any, root: Any) -> tuple[Any, ...]:
    """What `adam` multiplies by and adds, of Adam's coefficients, `size` and `root`."""
    return 1 - beta1, beta2, 1 - beta2, eps * root, size * root


def adam(
    xp: Any,
    p: Any,
    d: Any,
    m: Any,
    v: Any,
    most: Any,
    new: Any,
    kept: Any,
    squared: Any,
    tiny: Any,
    rate: Any,
    shrink: Any,
) -> None:
    """One step of Adam, with `adam_numbers`. If `shrink` is not None, the parameter is multiplied by it before."""
    if shrink is not None:
        p *= shrink
    change = xp.subtract(d, m, out=xp.empty_like(m))
    change *= new
    m += change
    xp.multiply(d, d, out=change)
    change *= squared
    v *= kept
    v += change
    if most is not None:
        v = xp.maximum(most, v, out=most)
    # size * m / (sqrt(v) / root + eps)
    xp.sqrt(v, out=change)
    change += tiny
    xp.divide(m, change, out=change)
    change *= rate
    p -= change if change.dtype == p.dtype else change.astype(p.dtype)
