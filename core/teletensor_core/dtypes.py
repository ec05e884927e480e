"""PyTorch's dtypes and its promotion rules.

The rules are those of PyTorch's "tensor attributes" documentation: operands are ranked as tensors with dimensions, then
0-d tensors, then Python numbers; a lower rank changes the result only when its category (bool, integer, float, complex)
is higher.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

if TYPE_CHECKING:
    from teletensor_core.spec import Spec

BOOL, INTEGER, FLOAT, COMPLEX = range(4)


def _limits(np_dtype: np.dtype[Any], category: int) -> tuple[float, float]:
    if category == INTEGER:
        whole = np.iinfo(np_dtype)
        return int(whole.min), int(whole.max)
    if category == FLOAT:
        info = ml_dtypes.finfo(np_dtype)  # type: ignore[no-untyped-call]
        return float(info.min), float(info.max)
    return 0, 1  # of bools, and of no complex number


class DType:
    """The type of a tensor's elements. Compared by identity; printed as PyTorch prints it.

    `limits` are the least and the greatest (finite) number of integers and floats. `title` and `c_name` are what
    PyTorch calls it in messages: "Long", and "long int".
    """

    __slots__ = (
        "_promotions",
        "c_name",
        "category",
        "code",
        "is_complex",
        "is_floating_point",
        "is_signed",
        "itemsize",
        "limits",
        "name",
        "np",
        "title",
    )

    def __init__(self, code: int, name: str, np_type: Any, category: int, title: str, c_name: str) -> None:
        self.code = code
        self.name = name
        self.title = title
        self.c_name = c_name
        self.np: np.dtype[Any] = np.dtype(np_type)
        self.category = category
        self.itemsize: int = self.np.itemsize
        self.is_floating_point = category == FLOAT
        self.is_complex = category == COMPLEX
        self.is_signed = name not in ("bool", "uint8")
        self.limits = _limits(self.np, category)
        self._promotions: dict[DType, DType] = {}

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        # The name that the dtype has in this module.
        return "bool_" if self.name == "bool" else self.name

    @property
    def is_half(self) -> bool:
        """Whether arithmetic is done in float32 and rounded back."""
        return self.name in ("float16", "bfloat16")

    def to_real(self) -> DType:
        """The dtype of the real and imaginary parts; itself when it is not complex."""
        return {complex64: float32, complex128: float64}.get(self, self)

    def to_complex(self) -> DType:
        """The complex dtype with parts of (at least) this precision."""
        return self if self.is_complex else complex128 if self is float64 else complex64


bool_ = DType(0, "bool", np.bool_, BOOL, "Bool", "bool")
uint8 = DType(1, "uint8", np.uint8, INTEGER, "Byte", "unsigned char")
int8 = DType(2, "int8", np.int8, INTEGER, "Char", "signed char")
int16 = DType(3, "int16", np.int16, INTEGER, "Short", "short int")
int32 = DType(4, "int32", np.int32, INTEGER, "Int", "int")
int64 = DType(5, "int64", np.int64, INTEGER, "Long", "long int")
float16 = DType(6, "float16", np.float16, FLOAT, "Half", "c10::Half")
bfloat16 = DType(7, "bfloat16", ml_dtypes.bfloat16, FLOAT, "BFloat16", "c10::BFloat16")
float32 = DType(8, "float32", np.float32, FLOAT, "Float", "float")
float64 = DType(9, "float64", np.float64, FLOAT, "Double", "double")
complex64 = DType(10, "complex64", np.complex64, COMPLEX, "ComplexFloat", "c10::complex<float>")
complex128 = DType(11, "complex128", np.complex128, COMPLEX, "ComplexDouble", "c10::complex<double>")

ALL: tuple[DType, ...] = (
    bool_, uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64, complex64, complex128,
)  # fmt: skip
BY_NAME: dict[str, DType] = {dtype.name: dtype for dtype in ALL}
BY_NP: dict[np.dtype[Any], DType] = {dtype.np: dtype for dtype in ALL}
FLOATS = (float16, bfloat16, float32, float64)

# The default of this process, in a list: whoever looks at it with every call need not call `default_dtype`.
process_default = [float32]


class _Override(threading.local):
    """A thread's own default, if it has one."""

    dtype: DType | None = None


_override = _Override()


def default_dtype() -> DType:
    """The dtype of new floating point tensors, and of Python floats in promotion."""
    return _override.dtype or process_default[0]


def set_default_dtype(dtype: DType) -> None:
    """Make `dtype` (a floating point dtype) this process's default."""
    process_default[0] = dtype


@contextlib.contextmanager
def default_dtype_as(dtype: DType) -> Iterator[None]:
    """Infer with another default in this thread: a worker does so for clients that changed theirs."""
    previous = _override.dtype
    _override.dtype = dtype
    try:
        yield
    finally:
        _override.dtype = previous


def _promote(a: DType, b: DType) -> DType:
    if a.category != b.category:
        low, high = sorted((a, b), key=lambda d: d.category)
        if high is complex64 and low is float64:
            return complex128
        return high
    if {a, b} == {float16, bfloat16}:
        return float32
    if uint8 in (a, b) and a is not b:
        other = b if a is uint8 else a
        return int16 if other is int8 else other
    return a if a.itemsize >= b.itemsize else b


for _a in ALL:
    _a._promotions = {b: _a if _a is b else _promote(_a, b) for b in ALL}


def promote_types(a: DType, b: DType) -> DType:
    """The smallest dtype that holds both, by PyTorch's table."""
    return a._promotions[b]


def dtype_of_number(value: complex | type) -> DType:
    """The dtype a Python number counts as: bool, int64, the default float, or its complex twin."""
    kind = value if isinstance(value, type) else type(value)
    if kind is bool:
        return bool_
    if kind is int:
        return int64
    return default_dtype() if kind is float else default_dtype().to_complex()


def _combine(higher: DType | None, lower: DType | None) -> DType | None:
    if higher is None or lower is None:
        return higher or lower
    if higher.category >= lower.category and higher is not bool_:
        return higher
    if higher.is_floating_point and lower.is_complex:
        return higher.to_complex()
    return promote_types(higher, lower)


def result_type(operands: Iterable[Spec | complex]) -> DType:
    """The dtype in which an op on these tensors and Python numbers computes."""
    ranks: list[DType | None] = [None, None, None]
    for operand in operands:
        dtype = getattr(operand, "dtype", None)
        if dtype is None:
            rank, dtype = 2, dtype_of_number(operand)  # type: ignore[arg-type]
        else:
            rank = 0 if operand.shape else 1  # type: ignore[union-attr]
        seen = ranks[rank]
        ranks[rank] = dtype if seen is None else promote_types(seen, dtype)
    result = _combine(ranks[0], _combine(ranks[1], ranks[2]))
    assert result is not None, "result_type needs at least one operand"
    return result


def opmath(dtype: DType) -> DType:
    """The dtype in which arithmetic on `dtype` is done: float32 for the half types, else itself."""
    return float32 if dtype.is_half else dtype
