"""Transforms of single numbers."""

from __future__ import annotations

import math
from typing import Any

from teletensor import factories, functions
from teletensor.distributions import constraints
from teletensor.distributions.transform import Parametrized, Transform, widened
from teletensor.distributions.utils import broadcast_all, lazy_property, sum_rightmost
from teletensor.tensor import Tensor


def _softplus(x: Tensor) -> Tensor:
    from teletensor.nn.functional import softplus

    return softplus(x)


def clipped_sigmoid(x: Tensor) -> Tensor:
    """The logistic function, away from 0 and 1 by the least that the dtype can tell."""
    info = functions.finfo(x.dtype)
    return functions.sigmoid(x).clamp(min=info.tiny, max=1.0 - info.eps)


class Plain(Transform):
    """A function without parameters: two of a class are the same."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self))

    __hash__ = object.__hash__


class _Increasing(Plain):
    domain, bijective, sign = constraints.real, True, 1


class ExpTransform(_Increasing):
    """`exp(x)`."""

    codomain = constraints.positive

    def _call(self, x: Tensor) -> Tensor:
        return x.exp()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """`x`."""
        return x


class PowerTransform(Parametrized):
    """`x ** exponent`, of positive numbers."""

    domain = codomain = constraints.positive
    bijective = True

    def __init__(self, exponent: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        (self.exponent,) = broadcast_all(exponent)

    @lazy_property
    def sign(self) -> Tensor:
        """The exponent's sign."""
        return self.exponent.sign()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PowerTransform) and _all_equal(self.exponent, other.exponent)

    __hash__ = object.__hash__

    def _call(self, x: Tensor) -> Tensor:
        return x.pow(self.exponent)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.pow(1 / self.exponent)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """`log |exponent y / x|`."""
        return (self.exponent * y / x).abs().log()

    def forward_shape(self, shape: Any) -> Any:
        """The shape of y for that of x."""
        return functions.broadcast_shapes(shape, self.exponent.shape)

    inverse_shape = forward_shape


class SigmoidTransform(_Increasing):
    """The logistic function."""

    codomain = constraints.unit_interval

    def _call(self, x: Tensor) -> Tensor:
        return clipped_sigmoid(x)

    def _inverse(self, y: Tensor) -> Tensor:
        info = functions.finfo(y.dtype)
        y = y.clamp(min=info.tiny, max=1.0 - info.eps)
        return y.log() - functions.log1p(-y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """`-softplus(-x) - softplus(x)`."""
        return -_softplus(-x) - _softplus(x)


class SoftplusTransform(_Increasing):
    """`log(1 + exp(x))`."""

    codomain = constraints.positive

    def _call(self, x: Tensor) -> Tensor:
        return _softplus(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return (-y).expm1().neg().log() + y

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """`-softplus(-x)`."""
        return -_softplus(-x)


class TanhTransform(_Increasing):
    """The hyperbolic tangent."""

    codomain = constraints.interval(-1.0, 1.0)

    def _call(self, x: Tensor) -> Tensor:
        return x.tanh()

    def _inverse(self, y: Tensor) -> Tensor:
        return functions.atanh(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """`2 (log 2 - x - softplus(-2 x))`, which does not overflow."""
        return 2.0 * (math.log(2.0) - x - _softplus(-2.0 * x))


class AbsTransform(Plain):
    """The absolute value, which has no inverse: the positive one is given."""

    domain = constraints.real
    codomain = constraints.positive

    def _call(self, x: Tensor) -> Tensor:
        return x.abs()

    def _inverse(self, y: Tensor) -> Tensor:
        return y


class AffineTransform(Parametrized):
    """`loc + scale * x`."""

    bijective = True

    def __init__(self, loc: Any, scale: Any, event_dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.loc, self.scale, self._event_dim = loc, scale, event_dim

    @property
    def event_dim(self) -> int:
        """How many of the last dimensions one value takes."""
        return self._event_dim

    @property
    def domain(self) -> Any:
        """Real numbers, or events of them."""
        return widened(constraints.real, self._event_dim)

    codomain = domain

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AffineTransform):
            return False
        return _all_equal(self.loc, other.loc) and _all_equal(self.scale, other.scale)

    __hash__ = object.__hash__

    @property
    def sign(self) -> Any:
        """The scale's sign."""
        if isinstance(self.scale, Tensor):
            return self.scale.sign()
        return 1 if self.scale > 0 else -1 if self.scale < 0 else 0

    def _call(self, x: Tensor) -> Tensor:
        made: Tensor = self.loc + self.scale * x
        return made

    def _inverse(self, y: Tensor) -> Tensor:
        made: Tensor = (y - self.loc) / self.scale
        return made

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """`log |scale|`, summed over an event."""
        if isinstance(self.scale, Tensor):
            made = self.scale.abs().log()
        else:
            made = factories.full_like(x, math.log(abs(self.scale)))
        return sum_rightmost(made, self._event_dim).expand(x.shape[: x.dim() - self._event_dim])

    def forward_shape(self, shape: Any) -> Any:
        """The shape of y for that of x."""
        return functions.broadcast_shapes(shape, getattr(self.loc, "shape", ()), getattr(self.scale, "shape", ()))

    inverse_shape = forward_shape


def _all_equal(one: Any, other: Any) -> bool:
    """Whether two numbers or tensors have the same values. Waits for tensors."""
    if one is other:
        return True
    return bool(functions.all(one == other)) if isinstance(one == other, Tensor) else bool(one == other)
