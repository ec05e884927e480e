"""Invertible functions with known Jacobians, for `TransformedDistribution`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from teletensor import factories, functions
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.tensor import Tensor

__all__ = [
    "AbsTransform", "AffineTransform", "ComposeTransform", "ExpTransform", "PowerTransform", "SigmoidTransform",
    "SoftmaxTransform", "SoftplusTransform", "TanhTransform", "Transform", "identity_transform",
]  # fmt: skip


class Transform:
    """A function `y = f(x)` from `domain` to `codomain`. Subclasses give `_call`, `_inverse` and the Jacobian."""

    bijective = True
    domain: Any = constraints.real
    codomain: Any = constraints.real
    # How many of the last dimensions one value takes.
    event_dim = 0

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        regions = [cls.__dict__[name] for name in ("domain", "codomain") if name in cls.__dict__]
        if "event_dim" not in cls.__dict__ and regions and all(isinstance(x, Constraint) for x in regions):
            cls.event_dim = max(x.event_dim for x in regions)

    def __init__(self, cache_size: int = 0) -> None:
        self._cache_size = cache_size
        self._kept: tuple[Tensor, Tensor] | None = None

    @property
    def inv(self) -> Transform:
        """The inverse function."""
        return _Inverse(self)

    @property
    def sign(self) -> Any:
        """1 for an increasing function, -1 for a decreasing one."""
        return 1

    def __call__(self, x: Tensor) -> Tensor:
        """The function's value."""
        if self._kept is not None and self._kept[0] is x:
            return self._kept[1]
        y = self._call(x)
        if self._cache_size:
            self._kept = x, y
        return y

    def _inv_call(self, y: Tensor) -> Tensor:
        if self._kept is not None and self._kept[1] is y:
            return self._kept[0]
        x = self._inverse(y)
        if self._cache_size:
            self._kept = x, y
        return x

    def _call(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def _inverse(self, y: Tensor) -> Tensor:
        raise NotImplementedError

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """The logarithm of `|dy / dx|`."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class _Inverse(Transform):
    def __init__(self, transform: Transform) -> None:
        super().__init__()
        self._transform = transform
        self.event_dim = transform.event_dim
        self.domain, self.codomain = transform.codomain, transform.domain

    @property
    def inv(self) -> Transform:
        return self._transform

    @property
    def sign(self) -> Any:
        return self._transform.sign

    def __call__(self, x: Tensor) -> Tensor:
        return self._transform._inv_call(x)

    def _inv_call(self, y: Tensor) -> Tensor:
        return self._transform(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -self._transform.log_abs_det_jacobian(y, x)


def _widened(region: Any, event_dim: int) -> Any:
    """A constraint of events of so many dimensions, where its own have fewer."""
    more = event_dim - region.event_dim
    return constraints.independent(region, more) if more > 0 else region


class ComposeTransform(Transform):
    """One function after the other."""

    def __init__(self, parts: Sequence[Transform], cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.parts = list(parts)
        self.event_dim = max((part.event_dim for part in self.parts), default=0)
        if self.parts:
            self.domain = _widened(self.parts[0].domain, self.event_dim)
            self.codomain = _widened(self.parts[-1].codomain, self.event_dim)

    @property
    def sign(self) -> Any:
        """The product of the parts'."""
        return math.prod(part.sign for part in self.parts)

    def _call(self, x: Tensor) -> Tensor:
        for part in self.parts:
            x = part(x)
        return x

    def _inverse(self, y: Tensor) -> Tensor:
        for part in reversed(self.parts):
            y = part._inv_call(y)
        return y

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """The sum of the parts'."""
        from teletensor.distributions.composed import sum_rightmost

        total: Any = None
        for part in self.parts:
            after = part(x)
            term = sum_rightmost(part.log_abs_det_jacobian(x, after), self.event_dim - part.event_dim)
            total = term if total is None else total + term
            x = after
        made: Tensor = factories.zeros_like(x) if total is None else total
        return made


identity_transform = ComposeTransform([])


class ExpTransform(Transform):
    """`exp(x)`."""

    domain = constraints.real
    codomain = constraints.positive

    def _call(self, x: Tensor) -> Tensor:
        return x.exp()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """`x`."""
        return x


class PowerTransform(Transform):
    """`x ** exponent`, of positive numbers."""

    domain = constraints.positive
    codomain = constraints.positive

    def __init__(self, exponent: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.exponent = exponent

    def _call(self, x: Tensor) -> Tensor:
        return x.pow(self.exponent)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.pow(1 / self.exponent)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """`log |exponent y / x|`."""
        made: Tensor = (self.exponent * y / x).abs().log()
        return made


class SigmoidTransform(Transform):
    """The logistic function."""

    domain = constraints.real
    codomain = constraints.unit_interval

    def _call(self, x: Tensor) -> Tensor:
        info = functions.finfo(x.dtype)
        return functions.sigmoid(x).clamp(min=info.tiny, max=1.0 - info.eps)

    def _inverse(self, y: Tensor) -> Tensor:
        info = functions.finfo(y.dtype)
        y = y.clamp(min=info.tiny, max=1.0 - info.eps)
        return y.log() - functions.log1p(-y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """`-softplus(-x) - softplus(x)`."""
        from teletensor.nn.functional import softplus

        return -softplus(-x) - softplus(x)


class SoftplusTransform(Transform):
    """`log(1 + exp(x))`."""

    domain = constraints.real
    codomain = constraints.positive

    def _call(self, x: Tensor) -> Tensor:
        from teletensor.nn.functional import softplus

        return softplus(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return (-y).expm1().neg().log() + y

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """`-softplus(-x)`."""
        from teletensor.nn.functional import softplus

        return -softplus(-x)


class TanhTransform(Transform):
    """The hyperbolic tangent."""

    domain = constraints.real
    codomain = constraints.interval(-1.0, 1.0)

    def _call(self, x: Tensor) -> Tensor:
        return x.tanh()

    def _inverse(self, y: Tensor) -> Tensor:
        return functions.atanh(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """`2 (log 2 - x - softplus(-2 x))`, which does not overflow."""
        from teletensor.nn.functional import softplus

        return 2.0 * (math.log(2.0) - x - softplus(-2.0 * x))


class AbsTransform(Transform):
    """The absolute value, which has no inverse: the positive one is given."""

    domain = constraints.real
    codomain = constraints.positive
    bijective = False

    def _call(self, x: Tensor) -> Tensor:
        return x.abs()

    def _inverse(self, y: Tensor) -> Tensor:
        return y


class AffineTransform(Transform):
    """`loc + scale * x`."""

    def __init__(self, loc: Any, scale: Any, event_dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.loc, self.scale, self.event_dim = loc, scale, event_dim
        self.domain = self.codomain = _widened(constraints.real, event_dim)

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
        from teletensor.distributions.composed import sum_rightmost

        if isinstance(self.scale, Tensor):
            made = self.scale.abs().log().expand(x.shape)
        else:
            made = factories.full_like(x, math.log(abs(self.scale)))
        return sum_rightmost(made, self.event_dim)


class SoftmaxTransform(Transform):
    """The softmax of the last dimension; its inverse is the logarithm, up to a constant."""

    domain = constraints.real_vector
    codomain = constraints.simplex
    bijective = False
    event_dim = 1

    def _call(self, x: Tensor) -> Tensor:
        return functions.softmax(x, -1)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()
