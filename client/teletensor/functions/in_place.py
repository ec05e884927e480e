"""In-place forms of functions that are not one op, and Python functions applied to every element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from teletensor_core import dtypes
from teletensor_core.errors import ArgumentTypeError, DTypeError, GradientError, ShapeError

from teletensor import factories, grad_mode, ops
from teletensor.functions import arithmetic, products, statistics
from teletensor.functions.shapes import broadcast_to
from teletensor.tensor import Tensor
from teletensor.types import Operand, Scalar

__all__ = ["conj_physical_", "ldexp_"]
METHODS = (
    "addbmm_", "addr_", "apply_", "conj_physical_", "float_power_", "heaviside_", "hypot_", "ldexp_", "map2_", "map_",
    "renorm_",
)  # fmt: skip


def in_place(function: Callable[..., Tensor], input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """`input`, with what a function makes of it and other arguments written into it.

    ShapeError for other sizes, DTypeError for a wider kind of number.
    """
    # What the function's gradient reads must not be written to.
    source = ops.clone(input) if input.requires_grad and grad_mode.is_grad_enabled() else input
    made = function(source, *args, **kwargs)
    if made.shape != input.shape:
        raise ShapeError(f"output with shape {list(input.shape)} doesn't match the broadcast shape {list(made.shape)}")
    if made.dtype.category > input.dtype.category:
        raise DTypeError(f"result type {made.dtype.title} can't be cast to the desired output type {input.dtype.title}")
    return ops.copy_(input, made)


def conj_physical_(input: Tensor) -> Tensor:
    """The tensor, conjugated."""
    return ops.copy_(input, ops.conj(input)) if input.is_complex() else input


def ldexp_(input: Tensor, other: Tensor) -> Tensor:
    """The tensor, times two to the power of `other`."""
    return in_place(arithmetic.ldexp, input, other)


def addbmm_(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Scalar = 1, alpha: Scalar = 1) -> Tensor:
    """The tensor, as `beta * input + alpha * sum(batch1 @ batch2)`."""
    return in_place(products.addbmm, input, batch1, batch2, beta=beta, alpha=alpha)


def addr_(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Scalar = 1, alpha: Scalar = 1) -> Tensor:
    """The tensor, as `beta * input + alpha * outer(vec1, vec2)`."""
    return in_place(products.addr, input, vec1, vec2, beta=beta, alpha=alpha)


def float_power_(input: Tensor, exponent: Operand) -> Tensor:
    """The tensor, to a power; only of float64 or complex128, in which the power is computed."""
    wanted = dtypes.complex128 if input.is_complex() or _is_complex(exponent) else dtypes.float64
    if wanted is not input.dtype:
        raise DTypeError(
            f"the base given to float_power_ has dtype {input.dtype.title} but the operation's result requires dtype "
            f"{wanted.title}"
        )
    return in_place(arithmetic.float_power, input, exponent)


def _is_complex(x: Operand) -> bool:
    return x.is_complex() if isinstance(x, Tensor) else isinstance(x, complex)


def heaviside_(input: Tensor, values: Tensor) -> Tensor:
    """The tensor, as steps: 0 below zero, 1 above, `values` at it."""
    return in_place(arithmetic.heaviside, input, values)


def hypot_(input: Tensor, other: Tensor) -> Tensor:
    """The tensor, as the hypotenuse of itself and `other`."""
    return in_place(arithmetic.hypot, input, other)


def renorm_(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """The tensor, with each slice of a dimension scaled down to a p-norm of at most `maxnorm`."""
    return in_place(statistics.renorm, input, p, dim, maxnorm)


# -- Python functions, element by element ------------------------------------------------------------------------------


def apply_(input: Tensor, callable: Callable[[float], float]) -> Tensor:
    """The tensor, with a Python function applied to every element. Only in this process, and slow."""
    return _mapped("apply_", callable, input)


def map_(input: Tensor, tensor: Tensor, callable: Callable[[float, float], float]) -> Tensor:
    """The tensor, with a Python function of its elements and another's. Only in this process, and slow."""
    _require_dtype(input, tensor, "map_: expected {} for 'other' (got {})")
    return _mapped("map_", callable, input, tensor)


def map2_(input: Tensor, x: Tensor, y: Tensor, callable: Callable[[float, float, float], float]) -> Tensor:
    """The tensor, with a Python function of its elements and two others'. Only in this process, and slow."""
    for name, other in (("x", x), ("y", y)):
        _require_dtype(input, other, f"map2_: expected {{}} for argument '{name}' (got {{}})")
    return _mapped("map2_", callable, input, x, y)


def _mapped(name: str, callable: Callable[..., Any], input: Tensor, *others: Tensor) -> Tensor:
    if any(x.device.type != "cpu" for x in (input, *others)):
        raise ArgumentTypeError(f"{name} is only implemented on CPU tensors")
    if any(x.requires_grad for x in (input, *others)):
        raise GradientError(f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead.")
    rows = [x.reshape(-1).tolist() for x in (input, *[broadcast_to(x, input.shape) for x in others])]
    made = [callable(*elements) for elements in zip(*rows, strict=True)]
    return ops.copy_(input, factories.tensor(made, dtype=input.dtype).reshape(input.shape))


def _require_dtype(input: Tensor, other: Tensor, text: str) -> None:
    if other.dtype is not input.dtype:
        raise ArgumentTypeError(text.format(input.type(), other.type()))
