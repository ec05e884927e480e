"""What every side runs: takes orders as lines of JSON, does the work and times it, answers with lines of JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass
class Work:
    """`run(count)` does the work so many times and waits for its end; `check()` gives what every side must get.

    `pieces` is how much one time is, in the units of the workload.
    """

    run: Callable[[int], object]
    check: Callable[[], Any]
    pieces: float = 1.0


# How to begin a work, by its name.
Works: TypeAlias = "dict[str, Callable[[], Work]]"


def serve(works: Works) -> None:
    """Take orders from standard input until it ends. What libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    print(json.dumps({"works": list(works)}), file=answers)
    work: Work | None = None
    for line in sys.stdin:
        order = json.loads(line)
        try:
            if "prepare" in order:
                work = None
                work = works[order["prepare"]]()
                answer: dict[str, Any] = {"value": work.check(), "pieces": work.pieces}
            else:
                assert work is not None, "prepare first"
                start = time.perf_counter()
                work.run(order["run"])
                answer = {"seconds": time.perf_counter() - start}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers)
