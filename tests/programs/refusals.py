"""One-liners that go wrong, as in first programs and in textbooks: PyTorch refuses each, and so do we, in its words.

`refusals.txt` has them, one a line; what stands before a `;;` is run first.
"""

from pathlib import Path

import numpy as np


def _names(torch):
    """What the lines may name."""
    return {
        "torch": torch, "np": np, "nn": torch.nn, "F": torch.nn.functional, "T": torch.tensor, "linalg": torch.linalg,
        "optim": torch.optim, "data": torch.utils.data,
        "b": torch.tensor([True, False]), "c": torch.tensor([1 + 2j, 3]), "d": torch.ones(2, 3, dtype=torch.float64),
        "e": torch.zeros(0), "f": torch.arange(6.0).reshape(2, 3), "h": torch.ones(2, 3).half(),
        "i": torch.arange(6).reshape(2, 3), "iv": torch.tensor([0, 1]), "s": torch.tensor(2.0),
        "u": torch.tensor([1, 2], dtype=torch.uint8), "v": torch.arange(3.0), "w": torch.ones(2, 3, requires_grad=True),
        "x3": torch.ones(2, 3, 5), "x4": torch.ones(1, 3, 8, 8),
    }  # fmt: skip


def _program(line):
    first, _, last = line.rpartition(";;")

    def program(torch):
        names = _names(torch)
        exec(first.replace(";;", "\n"), names)
        return eval(last.strip(), names)

    return program


_LINES = (Path(__file__).parent / "refusals.txt").read_text().splitlines()
CALLS = {line: _program(line) for line in _LINES if not line.startswith("#")}
