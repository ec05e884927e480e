"""Steps of optimisers on one piece of a parameter and of its state, with one temporary."""

from __future__ import annotations

from typing import Any


def adam(
    xp: Any, p: Any, d: Any, m: Any, v: Any, most: Any, beta1: float, beta2: float, eps: float, size: Any, root: Any
) -> None:
    """One step of Adam: `size` is the learning rate with its correction, `root` that of the root of `v`."""
    change = xp.subtract(d, m, out=xp.empty_like(m))
    change *= 1 - beta1
    m += change
    xp.multiply(d, d, out=change)
    change *= 1 - beta2
    v *= beta2
    v += change
    if most is not None:
        v = xp.maximum(most, v, out=most)
    # size * m / (sqrt(v) / root + eps)
    xp.sqrt(v, out=change)
    change += eps * root
    xp.divide(m, change, out=change)
    change *= size * root
    p -= change if change.dtype == p.dtype else change.astype(p.dtype)
