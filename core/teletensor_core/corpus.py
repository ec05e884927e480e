"""The calls that tests and the self-test make: every op's samples in every dtype, with operands that never change.

Numbers come from the project's own counter-based generator, so that they do not change with NumPy's.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import teletensor_core.ops  # noqa: F401  (fills the registry)
from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.random import philox
from teletensor_core.registry import OPS, Op
from teletensor_core.samples import Sample, T


@dataclass(frozen=True)
class Case:
    """One sample of an op in one dtype (None: the sample itself says which)."""

    op: Op
    number: int
    sample: Sample
    dtype: DType | None

    @property
    def key(self) -> str:
        """A name that no other case has, and that says which call it is."""
        return f"{self.op.name}/{self.number}/{self.dtype.name if self.dtype else '-'}"

    @property
    def family(self) -> str:
        """The module that defines the op."""
        return self.op.module.rpartition(".")[2]

    @functools.cached_property
    def operands(self) -> list[Any]:
        """Arrays, numbers, None and lists of arrays: what the sample stands for, drawn afresh."""
        return [_operand(arg, self.dtype, f"{self.key}/{i}") for i, arg in enumerate(self.sample.args)]

    @property
    def wants_grad(self) -> list[Any]:
        """For each operand (lists spread out), whether its gradient is asked for."""
        return [_wants_grad(arg, self.dtype) for arg in flat(self.sample.args)]

    def cotangent(self, shape: tuple[int, ...], dtype: DType, which: str) -> np.ndarray[Any, Any]:
        """What a result of this shape and dtype is contracted with to get gradients."""
        return draw(T(*shape, low=-1.0, high=1.0), dtype, f"{self.key}/{which}")

    def __str__(self) -> str:
        return f"{self.key} {self.sample}"


def flat(operands: Any) -> list[Any]:
    """Operands with lists spread out."""
    return [x for operand in operands for x in (operand if isinstance(operand, (list, tuple)) else [operand])]


def cases(of: Op) -> Iterator[Case]:
    """Every case of an op."""
    for number, sample in enumerate(of.samples() if of.samples else ()):
        operands = [arg for arg in flat(sample.args) if isinstance(arg, T)]
        if not any(arg.dtype is None for arg in operands):
            yield Case(of, number, sample, None)
            continue
        for dtype in dtypes.ALL:
            if dtype is not dtypes.bool_ or not any(arg.unique for arg in operands):
                yield Case(of, number, sample, dtype)


def all_cases(of: str | None = None) -> list[Case]:
    """Every case of every op but those that draw random numbers, or of the ops of one module, in a fixed order."""
    ops = [OPS[name] for name in sorted(OPS) if not OPS[name].random]
    return [case for op in ops for case in cases(op) if of is None or case.family == of]


def families() -> list[str]:
    """The modules that define ops."""
    return sorted({case.family for case in all_cases()})


def _wants_grad(arg: Any, dtype: DType | None) -> bool:
    if not isinstance(arg, T) or not arg.grad:
        return False
    kind = arg.dtype or dtype
    return kind is not None and kind.category >= dtypes.FLOAT


def _operand(arg: Any, dtype: DType | None, key: str) -> Any:
    if isinstance(arg, (list, tuple)):
        return [_operand(each, dtype, f"{key}/{i}") for i, each in enumerate(arg)]
    if not isinstance(arg, T):
        return arg
    kind = arg.dtype or dtype
    assert kind is not None, f"{key}: the sample names no dtype, and neither does the case"
    return draw(arg, kind, key)


def draw(wanted: T, dtype: DType, key: str) -> np.ndarray[Any, Any]:
    """Values for a tensor operand, the same for the same key."""
    numbers = _numbers(wanted, dtype, zlib.crc32(key.encode()))
    if wanted.transform == "spd":
        numbers = numbers @ np.conj(np.swapaxes(numbers, -1, -2)) + 3 * np.eye(numbers.shape[-1])
    elif wanted.transform == "sorted":
        numbers = np.sort(numbers, axis=-1)
    return np.array(numbers, dtype.np, order="C")


def _numbers(wanted: T, dtype: DType, seed: int) -> Any:
    count = int(np.prod(wanted.shape, dtype=int))
    if dtype.category == dtypes.BOOL:
        return (_unit(count, seed) < 0.5).reshape(wanted.shape)
    if dtype.category == dtypes.INTEGER:
        return _integers(wanted, dtype, count, seed).reshape(wanted.shape)
    if wanted.unique:
        spaced = np.linspace(wanted.low, wanted.high, count) if count > 1 else np.full(count, wanted.low)
        return spaced[np.argsort(_unit(count, seed), kind="stable")].reshape(wanted.shape)
    numbers = wanted.low + (wanted.high - wanted.low) * _unit(count, seed)
    if dtype.is_complex:
        numbers = numbers + 1j * (wanted.low + (wanted.high - wanted.low) * _unit(count, seed + 1))
    return numbers.reshape(wanted.shape)


def _integers(wanted: T, dtype: DType, count: int, seed: int) -> Any:
    low = int(np.ceil(max(wanted.low, 0) if not dtype.is_signed else wanted.low))
    if wanted.unique:
        return low + np.argsort(_unit(count, seed), kind="stable")
    high = max(int(np.ceil(wanted.high)), low + 1)
    return low + np.floor(_unit(count, seed) * (high - low)).astype(int)


def _unit(count: int, seed: int) -> Any:
    words = philox.bits(count, seed, 0).astype(np.float64)
    return (words + 0.5) * 2.0**-32
