"""PyTorch's side of a comparison: asked live where PyTorch 2.13 is installed, as it was recorded where it is not.

A test calls `ask(run, ...)`. With PyTorch that runs `run(torch, ...)` and checks that the recording says the same;
without, it gives what was recorded for this call of this test. `python -m tests.replay.record` records.
"""

from tests.replay.asking import LIVE, ask, attempt, torch
from tests.replay.compare import assert_alike
from tests.replay.plain import plain

__all__ = ["LIVE", "ask", "assert_alike", "attempt", "plain", "torch"]
