"""Where a training step's time goes on the NumPy engine: `python -m benchmarks.profile MODEL`, the start of a name.

Every op's kernel is timed while steps run in this process; gradient rules call kernels too, so the ops of backward are
in the table under their own names. What a kernel calls of other kernels counts for both.
"""

from __future__ import annotations

import functools
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import teletensor as tt
from teletensor_core.registry import OPS

from benchmarks.models import WORKLOADS
from benchmarks.work import stepper

STEPS = 20


class Clock:
    """Seconds and calls by name; nested calls are counted once, for the outer one."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self._depth = 0

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, with its time added up under a name."""

        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            if self._depth:
                return function(*args, **kwargs)
            self._depth += 1
            start = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self._depth -= 1
                self.seconds[name] += time.perf_counter() - start
                self.calls[name] += 1

        return run


def main(wanted: str) -> None:
    """Print the table for one model."""
    workload = next(each for each in WORKLOADS if each.name.lower().startswith(wanted))
    step = stepper(tt, workload)
    clock = Clock()
    for op in OPS.values():
        op.kernel = clock.timed(op.name, op.kernel)
        if op.inplace_kernel is not None:
            op.inplace_kernel = clock.timed(f"{op.name}_", op.inplace_kernel)
        if op.joint_vjp is not None:
            joint = op.joint_vjp
            op.joint_vjp = clock.timed(f"{op.name}'", joint)
            op.vjps = {name: op.joint_vjp if rule is joint else rule for name, rule in op.vjps.items()}
        op.vjps = {
            name: rule if rule is op.joint_vjp else clock.timed(f"{op.name}'{name}", rule)
            for name, rule in op.vjps.items()
        }
    for _ in range(3):
        step()
    clock.seconds.clear()
    clock.calls.clear()
    start = time.perf_counter()
    for _ in range(STEPS):
        step()
    total = (time.perf_counter() - start) / STEPS
    print(f"{workload.name}: {total * 1e3:.2f} ms a step")
    for name, seconds in clock.seconds.most_common(25):
        share = seconds / STEPS / total
        print(f"{name:28} {seconds / STEPS * 1e3:8.3f} ms {share:6.1%} {clock.calls[name] / STEPS:6.1f} calls")
    rest = total - sum(clock.seconds.values()) / STEPS
    print(f"{'everything else':28} {rest * 1e3:8.3f} ms {rest / total:6.1%}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "cnn")
