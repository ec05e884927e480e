"""`kl_divergence`, and which function computes it for two kinds of distributions."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from teletensor_core.errors import UnsupportedError

from teletensor.distributions.distribution import Distribution
from teletensor.tensor import Tensor

__all__ = ["kl_divergence", "register_kl"]
_Rule = Callable[[Any, Any], Tensor]
_RULES: dict[tuple[type, type], _Rule] = {}
_FOUND: dict[tuple[type, type], _Rule | None] = {}


def register_kl(type_p: type[Any], type_q: type[Any]) -> Callable[[Any], Any]:
    """A decorator: `kl_divergence` calls the function for distributions of these classes, and of derived ones."""

    def register(rule: Any) -> Any:
        _RULES[type_p, type_q] = rule
        _FOUND.clear()
        return rule

    return register


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """The Kullback-Leibler divergence of `p` from `q`, of the batch's shape.

    UnsupportedError (a NotImplementedError) for kinds of distributions that nothing is registered for.
    """
    kinds = type(p), type(q)
    if kinds not in _FOUND:
        _FOUND[kinds] = _most_special(*kinds)
    rule = _FOUND[kinds]
    if rule is None:
        names = f"p type {type(p).__name__} and q type {type(q).__name__}"
        raise UnsupportedError(f"No KL(p || q) is implemented for {names}")
    return rule(p, q)


def _most_special(type_p: type, type_q: type) -> _Rule | None:
    """The rule for the nearest classes, the first one's before the second one's. Warns if the other order differs."""
    fitting = [pair for pair in _RULES if issubclass(type_p, pair[0]) and issubclass(type_q, pair[1])]
    if not fitting:
        return None
    far_p, far_q = type_p.__mro__.index, type_q.__mro__.index
    left = min(fitting, key=lambda pair: (far_p(pair[0]), far_q(pair[1])))
    right = min(fitting, key=lambda pair: (far_q(pair[1]), far_p(pair[0])))
    if _RULES[left] is not _RULES[right]:
        warnings.warn(
            f"Ambiguous kl_divergence({type_p.__name__}, {type_q.__name__}). "
            f"Please register_kl({left[0].__name__}, {right[1].__name__})",
            RuntimeWarning,
            stacklevel=3,
        )
    return _RULES[left]
