"""Arithmetic with a factor, and composites of a few element-wise ops."""

from __future__ import annotations

import math

from teletensor_core import dtypes
from teletensor_core.errors import DTypeError, UnsupportedError
from teletensor_core.kernels.casting import fitted

from teletensor import ops
from teletensor.graph import named
from teletensor.out import store
from teletensor.tensor import Tensor
from teletensor.types import Number, Operand, Scalar

__all__ = [
    "add", "copysign", "float_power", "heaviside", "hypot", "is_same_size", "ldexp", "logaddexp2", "logit", "logit_",
    "polar", "polygamma", "positive", "rsub", "signbit", "sinc", "sinc_", "sub", "subtract",
]  # fmt: skip
METHODS = (
    "add", "add_", "copysign", "copysign_", "float_power", "heaviside", "hypot", "is_same_size", "ldexp", "logaddexp2",
    "logit", "logit_", "positive", "signbit", "sinc", "sinc_", "sub", "sub_", "subtract", "subtract_",
)  # fmt: skip


def _times(alpha: Scalar, x: Operand, beside: Operand) -> Operand:
    """`alpha * x`, to be added to `beside`. Raises DTypeError for factors of a higher kind than the sum's."""
    if type(alpha) is int and alpha == 1:
        return x
    result = dtypes.result_type([t._spec if isinstance(t, Tensor) else t for t in (x, beside)])
    if isinstance(alpha, bool) and result is not dtypes.bool_:
        raise DTypeError("Boolean alpha only supported for Boolean results.")
    if isinstance(alpha, float) and result.category <= dtypes.INTEGER:
        raise DTypeError("For integral input tensors, argument alpha must not be a floating point number.")
    if isinstance(alpha, complex) and not result.is_complex:
        raise DTypeError("For non-complex input tensors, argument alpha must not be a complex number.")
    alpha = bool(alpha) if result is dtypes.bool_ else fitted(alpha, result.np)
    return ops.mul(x.to(result), alpha) if isinstance(x, Tensor) else x * alpha


def add(input: Operand, other: Operand, *, alpha: Scalar = 1, out: Tensor | None = None) -> Tensor:
    """`input + alpha * other`."""
    return ops.add(input, _times(alpha, other, input), out=out)


def add_(input: Tensor, other: Operand, *, alpha: Scalar = 1) -> Tensor:
    """`input += alpha * other`."""
    return ops.add_(input, _times(alpha, other, input))


def sub(input: Operand, other: Operand, *, alpha: Scalar = 1, out: Tensor | None = None) -> Tensor:
    """`input - alpha * other`."""
    return ops.sub(input, _times(alpha, other, input), out=out)


def sub_(input: Tensor, other: Operand, *, alpha: Scalar = 1) -> Tensor:
    """`input -= alpha * other`."""
    return ops.sub_(input, _times(alpha, other, input))


def rsub(input: Tensor, other: Operand, *, alpha: Scalar = 1) -> Tensor:
    """`other - alpha * input`."""
    return ops.sub(other, _times(alpha, input, other))


subtract, subtract_ = sub, sub_


def positive(input: Tensor) -> Tensor:
    """The tensor itself. Raises for bool, as `+x` does."""
    if input.dtype is dtypes.bool_:
        raise DTypeError("The `+` operator, on a bool tensor is not supported.")
    return input


@named("PolarBackward0")
def polar(abs: Tensor, angle: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Complex numbers with these absolute values and angles."""
    if not (abs.is_floating_point() and angle.is_floating_point()):
        raise DTypeError(
            "Expected both inputs to be Half, Float or Double tensors but got "
            f"{abs.dtype.title} and {angle.dtype.title}"
        )
    return ops.complex(ops.mul(abs, ops.cos(angle)), ops.mul(abs, ops.sin(angle)), out=out)


def float_power(input: Operand, exponent: Operand, *, out: Tensor | None = None) -> Tensor:
    """`input ** exponent` in float64 (complex128 for complex numbers)."""
    values = [x.dtype.is_complex if isinstance(x, Tensor) else isinstance(x, complex) for x in (input, exponent)]
    wide = dtypes.complex128 if any(values) else dtypes.float64
    base, power = (x.to(wide) if isinstance(x, Tensor) else x for x in (input, exponent))
    return ops.pow(base, power, out=out)


def polygamma(n: int, input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The n-th derivative of digamma."""
    made = ops.polygamma(input, n)
    return made if out is None else store(made, out)


@named("SincBackward0")
def sinc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`sin(pi x) / (pi x)`, which is 1 at 0."""
    scaled = ops.mul(input, math.pi)
    at_zero = ops.eq(scaled, 0)
    # Dividing by one where the argument is zero keeps the gradient there finite.
    made = ops.where(at_zero, 1.0, ops.div(ops.sin(scaled), ops.where(at_zero, 1.0, scaled)))
    return made if out is None else store(made, out)


def sinc_(input: Tensor) -> Tensor:
    """`sinc`, written into the tensor."""
    return input.copy_(sinc(input))


@named("LogitBackward0")
def logit(input: Tensor, eps: float | None = None, *, out: Tensor | None = None) -> Tensor:
    """`log(x / (1 - x))`, with `x` clamped to [eps, 1 - eps] when `eps` is given."""
    x = input if eps is None else ops.clamp(input, eps, 1 - eps)
    return ops.log(ops.div(x, ops.sub(1, x)), out=out)


def logit_(input: Tensor, eps: float | None = None) -> Tensor:
    """`logit`, written into the tensor."""
    return input.copy_(logit(input, eps))


@named("Logaddexp2Backward0")
def logaddexp2(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`log2(2**input + 2**other)`, without overflow."""
    scale = math.log(2)
    return ops.div(ops.logaddexp(ops.mul(input, scale), ops.mul(other, scale)), scale, out=out)


@named("HypotBackward0")
def hypot(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`sqrt(input**2 + other**2)`, without overflow."""
    for x in (input, other):
        if not x.is_floating_point():
            raise UnsupportedError(f"\"hypot\" not implemented for '{x.dtype.title}'")
    a, b = ops.abs(input), ops.abs(other)
    most, least = ops.maximum(a, b), ops.minimum(a, b)
    ratio = ops.div(least, ops.where(ops.eq(most, 0), 1.0, most))
    return ops.mul(most, ops.sqrt(ops.add(ops.square(ratio), 1)), out=out)


@named("LdexpBackward0")
def ldexp(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`input * 2**other`."""
    return ops.mul(input, ops.pow(2.0, other), out=out)


def signbit(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether the sign bit is set: of negative numbers, and of negative zero."""
    if input.dtype.is_complex:
        raise DTypeError("signbit is not implemented for complex tensors.")
    if not input.dtype.is_floating_point:
        return ops.lt(input, 0, out=out)
    # atan2 of a signed zero and -1 is pi or -pi: the one function that tells zeros apart.
    return ops.lt(ops.atan2(input, -ops.abs(input) - 1), 0, out=out)


@named("CopysignBackward0")
def copysign(input: Tensor, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """The absolute values of `input` with the signs of `other`."""
    size = ops.abs(input) if input.dtype.is_floating_point else ops.abs(input).to(dtypes.default_dtype())
    negative = signbit(other) if isinstance(other, Tensor) else math.copysign(1, other) < 0
    made = ops.where(negative, -size, size) if isinstance(negative, Tensor) else -size if negative else size
    return made if out is None else store(made, out)


def copysign_(input: Tensor, other: Tensor | Number) -> Tensor:
    """`copysign`, written into the tensor."""
    return input.copy_(copysign(input, other))


def heaviside(input: Tensor, values: Tensor, *, out: Tensor | None = None) -> Tensor:
    """0 where the input is negative, 1 where it is positive, and `values` where it is zero."""
    if input.dtype is not values.dtype:
        raise DTypeError("heaviside is not yet implemented for tensors with different dtypes.")
    step = ops.gt(input, 0).to(input.dtype)
    made = ops.where(ops.eq(input, 0), values, ops.where(ops.isnan(input), 0, step))
    return made if out is None else store(made, out)


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape."""
    return input.shape == other.shape
