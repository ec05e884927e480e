"""Batches a second out of a DataLoader."""

from __future__ import annotations

from typing import Any

import numpy as np
import teletensor as tt

from benchmarks.harness import Result, Side, compare

IMAGES = np.zeros((2048, 3, 32, 32), np.float32)
LABELS = np.zeros(2048, np.int64)


class Samples:
    """One array and one number for each index."""

    def __getitem__(self, index: int) -> tuple[np.ndarray[Any, Any], int]:
        return IMAGES[index], index

    def __len__(self) -> int:
        return len(IMAGES)


def _passes(loader: Any, wait: Any = None) -> Side:
    def run(count: int) -> None:
        left = count
        while left > 0:
            for _ in loader:
                left -= 1
                if left <= 0:
                    break
        if wait is not None:
            wait()

    return run


def _tensors(library: Any, device: str = "cpu") -> Any:
    data = library.utils.data
    return data.TensorDataset(library.tensor(IMAGES).to(device), library.tensor(LABELS).to(device))


def run(session: Any, peers: dict[str, Any]) -> list[Result]:
    """Batches of 64 images of 3 x 32 x 32, shuffled."""
    results = []
    for name, make in (("tensors", _tensors), ("samples", lambda library: Samples())):
        sides = {
            peer: _passes(library.utils.data.DataLoader(make(library), 64, shuffle=True))
            for peer, library in peers.items()
        }
        loader = tt.utils.data.DataLoader
        sides["here"] = _passes(loader(make(tt), 64, shuffle=True))
        sides["to a worker"] = _passes(loader(make(tt), 64, shuffle=True, device="remote"), session.synchronize)
        if name == "tensors":
            there = loader(_tensors(tt, "remote"), 64, shuffle=True)
            sides["on the worker"] = _passes(there, session.synchronize)
        results.append(compare(f"batches of 64 images from {name}", sides, "batches/s"))
    return results
