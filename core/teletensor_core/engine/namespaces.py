"""The two meanings of `ops` in a gradient rule: kernels straight on arrays, or recorded ops on values."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.engine.engine import Engine
from teletensor_core.engine.values import Chain, Value
from teletensor_core.plan import GRAD
from teletensor_core.registry import OPS, Op
from teletensor_core.spec import Spec


class Namespace:
    """`ops.<name>(*operands, **attrs)`, bound on first use."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.xp = engine.xp

    def __getattr__(self, name: str) -> Any:
        if name not in OPS:
            raise AttributeError(f"no op called {name!r}")
        function = self._bind(OPS[name])
        self.__dict__[name] = function
        return function

    def _bind(self, op: Op) -> Callable[..., Any]:
        raise NotImplementedError

    def dtype(self, x: Any) -> DType:
        """The dtype of a saved operand, of a gradient, or of a spec."""
        return x.dtype if isinstance(x, (Value, Spec)) else dtypes.BY_NP[x.dtype]

    def conj(self, x: Any) -> Any:
        """The complex conjugate; numbers and real tensors are their own."""
        if not isinstance(x, Value) and not hasattr(x, "dtype"):
            return x
        return self._conj(x) if self.dtype(x).is_complex else x

    @functools.cached_property
    def _conj(self) -> Callable[..., Any]:
        return self._bind(OPS["conj"])

    def replay(self, x: Any, chain: Chain) -> Any:
        """The view of `x` that a chain of view ops shows."""
        for name, attrs, index in chain:
            out = getattr(self, name)(x, **dict(zip(OPS[name].attrs, attrs, strict=True)))
            x = out[index] if isinstance(out, (tuple, list)) else out
        return x


class ArrayOps(Namespace):
    """Rules run on arrays: nothing is recorded, nothing is checked, nothing is wrapped."""

    recording = False

    def reshape(self, x: Any, *, shape: Any) -> Any:
        """The elements under another shape, in the same memory where that can be: rules write into nothing given."""
        return x.reshape(shape)

    def _bind(self, op: Op) -> Callable[..., Any]:
        call, xp, array_type = self.engine.call, self.xp, self.engine.arrays.type

        def run(*operands: Any, **attrs: Any) -> Any:
            result = call(op, operands, attrs)
            # NumPy gives scalars for 0-d results; rules, and kernels that write with out=, need arrays.
            return result if type(result) is array_type or isinstance(result, (tuple, list)) else xp.asarray(result)

        return run


class GraphOps(Namespace):
    """Rules run on values and are recorded, for `create_graph=True`."""

    recording = True

    def _bind(self, op: Op) -> Callable[..., Any]:
        engine, defaults = self.engine, op.attrs

        def run(*operands: Any, **attrs: Any) -> Any:
            full = (*operands, *[None] * (len(op.operands) - len(operands)))
            values = engine.apply(op, full, tuple({**defaults, **attrs}.values()), GRAD)
            return values[0] if len(values) == 1 and op.name not in _ALWAYS_MANY else values

        return run


_ALWAYS_MANY = frozenset({"split", "chunk", "unbind", "meshgrid"})
