"""Puts the registry's ops, and PyTorch's calling conventions for some of them, on `Tensor` and in the module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from teletensor_core import dtypes
from teletensor_core.registry import OPS

from teletensor import factories, indexing, ops, overloads, random_fills
from teletensor.tensor import Tensor

TensorMethods = object

# Functions that are both `torch.name(x, ...)` and `x.name(...)`, instead of the op of that name.
_BOTH: dict[str, Callable[..., Any]] = {
    name: getattr(overloads, name)
    for name in (
        "add", "broadcast_to", "chunk", "flatten", "flip", "movedim", "narrow", "nonzero", "permute", "ravel",
        "repeat_interleave", "reshape", "split", "squeeze", "sub", "t", "tile", "unflatten",
    )
}  # fmt: skip
_BOTH |= {
    name: overloads.reduction(getattr(ops, name)) for name in ("sum", "mean", "nansum", "nanmean", "amax", "amin")
}
_BOTH |= {
    name: overloads.reduction(getattr(ops, name)) for name in ("all", "any", "prod", "argmax", "argmin", "logsumexp")
}
_BOTH |= {name: overloads.spread(getattr(ops, name)) for name in ("var", "std", "var_mean", "std_mean")}
_BOTH |= {name: overloads.extreme(name) for name in ("max", "min")}
_BOTH |= {"median": overloads.middle("median")}
_BOTH |= {
    name: overloads.indexed(name, getattr(ops, name))
    for name in ("sort", "topk", "kthvalue", "cummax", "cummin", "aminmax", "slogdet")
}
_BOTH |= {
    name: overloads.dim_first(getattr(ops, name))
    for name in (
        "gather", "scatter_add", "scatter_reduce", "index_select", "index_add", "index_copy", "index_fill",
    )
}  # fmt: skip
_BOTH |= {"moveaxis": overloads.movedim, "arccos": ops.acos, "subtract": overloads.sub}

_METHODS: dict[str, Callable[..., Any]] = {
    name: getattr(overloads, name)
    for name in ("add_", "contiguous", "expand", "expand_as", "repeat", "reshape_as", "sub_", "view", "view_as")
}
_METHODS |= {
    name: getattr(random_fills, name) for name in ("bernoulli_", "exponential_", "normal_", "random_", "uniform_")
}
_METHODS |= {
    name + "_": overloads.dim_first(getattr(ops, name + "_"))
    for name in ("scatter_add", "index_add", "index_fill", "index_copy")
}

FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(overloads, name) for name in ("broadcast_tensors", "meshgrid", "rsub", "where")
}
FUNCTIONS |= {
    "vstack": overloads.stacker(0, 2),
    "row_stack": overloads.stacker(0, 2),
    "hstack": overloads.stacker(1, 1),
    "dstack": overloads.stacker(2, 3),
}


def functions() -> dict[str, Callable[..., Any]]:
    """What `teletensor` offers as functions: the registry's ops of the namespace "torch", and the conventions above."""
    found: dict[str, Callable[..., Any]] = {}
    for op in OPS.values():
        if "torch" in op.namespaces:
            for name in (op.name, *op.aliases):
                found[name] = getattr(ops, name)
                if op.inplace:
                    found[name + "_"] = getattr(ops, name + "_")
    return found | _BOTH | FUNCTIONS


def _install_methods() -> None:
    for name, function in (_BOTH | _METHODS).items():
        _set(name, function)
    for op in OPS.values():
        for name in (op.name, *op.aliases):
            if "Tensor" in op.namespaces:
                _set(name, getattr(ops, name))
            if op.inplace and not op.name.startswith("_"):
                _set(name + "_", getattr(ops, name + "_"))
    for name, dtype in _CASTS.items():
        _set(name, _cast(name, dtype))
    for name in ("zeros", "ones", "empty", "full"):
        _set(f"new_{name}", _new(getattr(factories, name)))


def _set(name: str, function: Callable[..., Any]) -> None:
    if name not in Tensor.__dict__:
        setattr(Tensor, name, function)


_CASTS = {
    "bool": dtypes.bool_, "byte": dtypes.uint8, "char": dtypes.int8, "short": dtypes.int16, "int": dtypes.int32,
    "long": dtypes.int64, "half": dtypes.float16, "bfloat16": dtypes.bfloat16, "float": dtypes.float32,
    "double": dtypes.float64, "cfloat": dtypes.complex64, "cdouble": dtypes.complex128,
}  # fmt: skip


def _cast(name: str, dtype: dtypes.DType) -> Callable[..., Any]:
    def cast(self: Tensor, memory_format: Any = None) -> Tensor:
        return self.to(dtype)

    cast.__name__ = name
    cast.__doc__ = f"This tensor as {dtype!r}; itself when it is already."
    return cast


def _new(factory: Callable[..., Any]) -> Callable[..., Any]:
    def make(
        self: Tensor, *size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **options: Any
    ) -> Any:
        place = self.device if device is None else device
        return factory(*size, dtype=dtype or self.dtype, device=place, requires_grad=requires_grad, **options)

    make.__doc__ = f"`{factory.__name__}` with this tensor's dtype and place."
    return make


def _properties() -> None:
    for name, get in {
        "T": lambda self: overloads.permute(self, tuple(reversed(range(self.ndim)))),
        "mT": lambda self: ops.transpose(self, -2, -1),
        "H": lambda self: ops.conj(ops.transpose(self, 0, 1)),
        "mH": lambda self: ops.conj(ops.transpose(self, -2, -1)),
        "real": lambda self: ops.real(self) if self.is_complex() else self,
        "imag": lambda self: ops.imag(self),
    }.items():
        setattr(Tensor, name, property(get))


def _operators() -> None:
    """Python's operators; the in-place ones write into the tensor. Other types get their chance through NotImplemented."""
    forward = {
        "add": ops.add, "sub": ops.sub, "mul": ops.mul, "truediv": ops.div, "floordiv": ops.floor_divide,
        "mod": ops.remainder, "pow": ops.pow, "matmul": ops.matmul, "and": ops.bitwise_and, "or": ops.bitwise_or,
        "xor": ops.bitwise_xor, "lshift": ops.bitwise_left_shift, "rshift": ops.bitwise_right_shift,
    }  # fmt: skip
    for name, function in forward.items():
        setattr(Tensor, f"__{name}__", _operator(function))
        setattr(Tensor, f"__r{name}__", _operator(lambda a, b, f=function: f(b, a)))
        if name != "matmul":
            setattr(Tensor, f"__i{name}__", getattr(ops, function.__name__ + "_"))
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        setattr(Tensor, f"__{name}__", _operator(getattr(ops, name)))
    setattr(Tensor, "__neg__", ops.neg)  # noqa: B010
    setattr(Tensor, "__pos__", lambda self: self)  # noqa: B010
    setattr(Tensor, "__abs__", ops.abs)  # noqa: B010
    setattr(Tensor, "__invert__", ops.bitwise_not)  # noqa: B010
    setattr(Tensor, "__getitem__", indexing.get)  # noqa: B010
    setattr(Tensor, "__setitem__", indexing.put)  # noqa: B010


def _operator(function: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def run(self: Any, other: Any) -> Any:
        return function(self, other) if _is_operand(other) else NotImplemented

    return run


def _is_operand(x: Any) -> bool:
    return isinstance(x, (Tensor, int, float, complex)) or (hasattr(x, "dtype") and hasattr(x, "ndim"))


_install_methods()
_properties()
_operators()
