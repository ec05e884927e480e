"""Small ops a second: what a call costs when there is nothing to compute."""

from __future__ import annotations

from typing import Any

import numpy as np
import teletensor as tt

from benchmarks.harness import Result, Side, compare


def _adds(library: Any, device: str = "cpu") -> Side:
    x, y = library.ones(64).to(device), library.full((64,), 1e-3).to(device)

    def run(count: int) -> None:
        z = x
        for _ in range(count):
            z = z + y
        z.sum().item()

    return run


def _recorded(library: Any, device: str = "cpu") -> Side:
    """Ops with autograd: chains of a hundred, each differentiated."""
    x = library.ones(64).to(device).requires_grad_()
    y = library.full((64,), 0.999).to(device)

    def run(count: int) -> None:
        for _ in range(-(-count // 100)):
            z = x
            for _ in range(100):
                z = z * y
            z.sum().backward()
        x.grad.sum().item()
        x.grad = None

    return run


def _numpy(count: int) -> None:
    z, y = np.ones(64, np.float32), np.full(64, 1e-3, np.float32)
    for _ in range(count):
        z = z + y
    float(z.sum())


def run(session: Any, peers: dict[str, Any]) -> list[Result]:
    """Rates of adding 64 numbers, without and with autograd."""
    plain = {name: _adds(library) for name, library in peers.items()}
    plain |= {"NumPy": _numpy, "here": _adds(tt), "worker": _adds(tt, "remote")}
    recorded = {name: _recorded(library) for name, library in peers.items()}
    recorded |= {"here": _recorded(tt), "worker": _recorded(tt, "remote")}
    return [
        compare("adding 64 numbers", plain, "ops/s"),
        compare("multiplying 64 numbers, with autograd and backward", recorded, "ops/s"),
    ]
