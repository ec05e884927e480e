"""Numbers that an optimiser keeps for each parameter, such as its steps: tensors of this process, as in PyTorch.

They share memory with NumPy, so that counting costs no command anywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from teletensor_core import dtypes

from teletensor import sessions
from teletensor.factories import from_numpy
from teletensor.tensor import Tensor

NAMES = ("step", "mu_product")


def new(value: float) -> Tensor:
    """A counter that stands at `value`."""
    kind = dtypes.float64 if dtypes.default_dtype() is dtypes.float64 else dtypes.float32
    with sessions.here():
        return from_numpy(np.array(value, kind.np))


def loaded(value: Any) -> Tensor:
    """A saved counter, of its own memory."""
    return new(value.item() if isinstance(value, Tensor) else float(value))


def add(counter: Tensor, amount: float) -> float:
    """Count on in place; where it stands now."""
    array = counter.numpy()
    np.add(array, amount, out=array)
    return float(array)


def multiply(counter: Tensor, factor: float) -> float:
    """Multiply in place; where it stands now."""
    array = counter.numpy()
    np.multiply(array, factor, out=array)
    return float(array)
