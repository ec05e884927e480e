"""Plans: what a call does, worked out once per signature of op, operand specs and attributes.

The client makes a plan to know a result's shape and dtype (and to refuse a bad call at the user's own line); the engine
makes the same plan to run it. Both keep it, so that the second call of a kind costs one dictionary look-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from teletensor_core import dtypes, grad_names
from teletensor_core.dtypes import DType
from teletensor_core.errors import ArgumentTypeError, DTypeError, ShapeError, UnsupportedError
from teletensor_core.registry import Op
from teletensor_core.rules import domains
from teletensor_core.spec import Spec

# Bits of a signature: they select how a row is run, not what it computes.
GRAD, INPLACE, DOUBLE = 1, 2, 4

_MOST_PLANS = 1 << 15


class Plan:
    """How to run one kind of call: result specs, and the NumPy dtype each operand is cast to first.

    `layout` says what each operand is: "t" a tensor or nothing, "n" a number, or the length of a list of tensors.
    `results` is how many new tensors come back: none from ops that only write into their operands. `is_plain`: one,
    with memory of its own, and of a spec that is known. `is_pair`: besides, the kernel takes two tensors as they are,
    and nothing else. `records`: gradient rules may have to be run; `saved` says of each operand whether they read it,
    and `saves_out` of each result, or nothing when they read none. `grad_name` is PyTorch's name of its node, and
    `grad_kind` is for whoever records to keep something by.
    """

    __slots__ = (
        "all_tensors",
        "attrs",
        "casts",
        "flags",
        "grad_kind",
        "grad_name",
        "is_pair",
        "is_plain",
        "layout",
        "multiple",
        "op",
        "records",
        "results",
        "saved",
        "saves_out",
        "specs",
    )

    def __init__(
        self,
        op: Op,
        attrs: dict[str, Any],
        flags: int,
        specs: tuple[Spec, ...],
        multiple: bool,
        operands: Sequence[Any],
    ) -> None:
        self.op = op
        self.attrs = attrs
        self.flags = flags
        self.specs = specs
        self.multiple = multiple
        self.casts = _casts(op, attrs, operands)
        self.layout: tuple[str | int, ...] = tuple(_layout(x) for x in operands)
        self.all_tensors = all(isinstance(x, Spec) for x in operands)
        self.results = 0 if flags & INPLACE or op.mutates else len(specs)
        self.is_plain = self.results == 1 and not (multiple or op.view or op.dynamic)
        self.is_pair = self.is_plain and self.all_tensors and len(operands) == 2 and self.casts is None and not attrs
        self.records = bool(flags & GRAD and op.vjps)
        self.grad_name = grad_names.name_of(op, operands, attrs)
        self.grad_kind: Any = None
        keep = tuple(op.saves_result(i) for i in range(len(specs)))
        self.saves_out = keep if any(keep) else ()
        self.saved = tuple(name in op.saves for name in op.operands)


_plans: dict[tuple[Any, ...], Plan] = {}


def plan_for(op: Op, attrs: tuple[Any, ...], flags: int, operands: Sequence[Any]) -> Plan:
    """The plan for `op` on operands given as Spec, Python number, None, or a tuple of Specs for a list.

    `attrs` are the attribute values in the op's order. Raises what PyTorch raises for operands that do not fit.
    """
    kinds = [x if isinstance(x, (Spec, tuple)) else type(x) for x in operands]
    key = (op, attrs, flags, *kinds)
    found = _plans.get(key)
    if found is None:
        found = make_plan(op, dict(zip(op.attrs, attrs, strict=True)), flags, operands)
        remember(key, found)
    return found


# The kept plan for a key of `(op, attrs, flags, *kinds)`, if there is one.
lookup = _plans.get


def remember(key: tuple[Any, ...], plan: Plan) -> None:
    """Keep a plan; the store starts afresh when it is full."""
    if len(_plans) >= _MOST_PLANS:
        _plans.clear()
    _plans[key] = plan


def make_plan(op: Op, attrs: dict[str, Any], flags: int, operands: Sequence[Any]) -> Plan:
    """Infer the result of a call and the casts before it."""
    if flags & DOUBLE:
        with dtypes.default_dtype_as(dtypes.float64):
            made = make_plan(op, attrs, flags & ~DOUBLE, operands)
        # Whoever makes the plan anew, such as a worker, has to know.
        made.flags = flags
        return made
    _check_operands(op, operands)
    try:
        inferred = op.infer(*operands, **attrs)
    except domains.OutsideDomain as error:
        raise UnsupportedError(f'"{op.name}" {error}') from None
    multiple = isinstance(inferred, tuple)
    specs: tuple[Spec, ...] = inferred if multiple else (inferred,)
    if op.mutates:
        specs = ()
    if flags & INPLACE:
        _check_inplace(op, operands[0], specs[0])
        specs = (operands[0],)
    return Plan(op, attrs, flags, specs, multiple, operands)


def _check_operands(op: Op, operands: Sequence[Any]) -> None:
    """Raise ArgumentTypeError for a number, a list or nothing where an op wants a tensor, and the other way round."""
    for name, x in zip(op.operands, operands, strict=True):
        if name in op.lists:
            fits = isinstance(x, tuple)
        elif x is None:
            fits = name in op.optional
        else:
            fits = isinstance(x, Spec) or (not isinstance(x, tuple) and (op.numbers is None or name in op.numbers))
        if not fits:
            raise wrong_operand(op, name, x)


def wrong_operand(op: Op, name: str, given: Any) -> ArgumentTypeError:
    """The error for an operand that is not what its op takes."""
    wanted = "tuple of Tensors" if name in op.lists else "Tensor"
    kind = {Spec: "Tensor", tuple: "list"}.get(type(given)) or type(given).__name__
    return ArgumentTypeError(
        f"{op.name}(): argument '{name}' (position {op.operands.index(name) + 1}) must be {wanted}, not {kind}"
    )


def _layout(operand: Any) -> str | int:
    if isinstance(operand, tuple):
        return len(operand)
    return "t" if operand is None or isinstance(operand, Spec) else "n"


def _casts(op: Op, attrs: dict[str, Any], operands: Sequence[Any]) -> tuple[Any, ...] | None:
    wanted: Sequence[DType | None] = [None] * len(operands)
    if op.promote is not None:
        wanted = op.promote(*operands, **attrs)
    casts = tuple(_cast(op, x, dtype) for x, dtype in zip(operands, wanted, strict=True))
    return casts if any(cast is not None for cast in casts) else None


def _cast(op: Op, operand: Any, dtype: DType | None) -> Any:
    if isinstance(operand, tuple):
        casts = tuple(_cast(op, x, dtype) for x in operand)
        return casts if any(cast is not None for cast in casts) else None
    if operand is None or (dtype is None and not isinstance(operand, Spec)):
        return None
    have = operand.dtype if isinstance(operand, Spec) else None
    want = dtype or have
    assert want is not None
    want = dtypes.opmath(want) if op.opmath else want
    return None if want is have else want.np


def _check_inplace(op: Op, target: Spec, result: Spec) -> None:
    if result.shape != target.shape:
        raise ShapeError(
            f"output with shape {list(target.shape)} doesn't match the broadcast shape {list(result.shape)}"
        )
    # A fill gives all elements the same.
    if op.name != "fill" and any(
        size > 1 and stride == 0 for size, stride in zip(target.shape, target.strides, strict=True)
    ):
        raise ShapeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single "
            f"memory location: shape {list(target.shape)}, stride {list(target.strides)}. Please clone() the tensor "
            "before performing the operation."
        )
    if op.differentiable and target.dtype.is_complex and not result.dtype.is_complex:
        raise DTypeError(f"In-place {op.name} is not supported for complex tensors.")
    if result.dtype.category > target.dtype.category:
        raise DTypeError(
            f"result type {result.dtype.title} can't be cast to the desired output type {target.dtype.title}"
        )
