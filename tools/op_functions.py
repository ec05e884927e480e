"""The text of client/teletensor/ops.py: one function per op of the registry, called as PyTorch calls it."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

import teletensor_core.ops  # noqa: F401  (fills the registry)
from conventions import ANNOTATIONS, INTS, NAMED, NUMBERS_TOO, REDUCTIONS, SIGNATURES, WITHOUT_OUT
from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import UserError
from teletensor_core.registry import OPS, Op
from teletensor_core.samples import T
from teletensor_core.spec import Spec, spec

HEADER = '''"""One function per op, generated from the registry by tools/generate.py. Do not edit.

Each takes the op's operands and attributes by PyTorch's names and in its order, and returns tensors; `name_` writes
into its first operand and returns it. Functions that PyTorch gives an `out=` write their result there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import teletensor_core.ops as _families  # fills the registry
from teletensor import return_types
from teletensor.arguments import as_dtype as _as_dtype, ints as _ints, one_of as _one_of
from teletensor.dispatch import apply as _apply, apply_inplace as _apply_inplace
from teletensor.dispatch import apply_many as _apply_many, apply_mutation as _apply_mutation
from teletensor.out import store as _store, store_all as _store_all
from teletensor.session import Session
from teletensor.tensor import Tensor
from teletensor.types import Dims, DType, Operand, Scalar, Sizes
from teletensor_core import dtypes as _dtypes
from teletensor_core.registry import OPS as _OPS
'''


def text() -> str:
    """The whole module."""
    parts = [HEADER]
    for name in sorted(OPS):
        op = OPS[name]
        parts.append(f"\n{_handle(op)} = _OPS[{name!r}]\n")
        parts.append(_function(op))
        if op.inplace:
            parts.append(_inplace(op))
    parts.append("\n" + "\n".join(_aliases()) + "\n")
    return "\n".join(parts)


def _handle(op: Op) -> str:
    return f"_{op.name.strip('_')}_op"


def _function(op: Op) -> str:
    parameters = _parameters(op)
    arguments = _arguments(op)
    if _needs_session(op):
        parameters = [*_drop(parameters, "out"), _keyword("session", "Session")]
        arguments += ", session"
    returns, call = _result(op, f"{_call(op)}({_handle(op)}, {arguments})")
    if op.mutates:
        body = f"    {call}\n"
    elif any(p.name == "out" for p in parameters):
        store = "_store" if returns == "Tensor" else "_store_all"
        body = f"    made = {call}\n    return made if out is None else {store}(made, out)\n"
    else:
        body = f"    return {call}\n"
    return _definition(op.name, parameters, returns, _doc(op), body)


def _inplace(op: Op) -> str:
    parameters = _drop(_parameters(op), "out")
    doc = f"{_doc(op)} Written into `{op.operands[0]}`."
    body = f"    return _apply_inplace({_handle(op)}, {_arguments(op)})\n"
    return _definition(f"{op.name}_", parameters, "Tensor", doc, body)


def _definition(name: str, parameters: Iterable[inspect.Parameter], returns: str, doc: str, body: str) -> str:
    return f'\ndef {name}({_listed(parameters)}) -> {returns}:\n    """{doc}"""\n{body}'


def _call(op: Op) -> str:
    if op.mutates:
        return "_apply_mutation"
    return "_apply_many" if _gives_several(op) else "_apply"


def _result(op: Op, call: str) -> tuple[str, str]:
    """The return annotation, and the call with the tuple's class around it."""
    if op.mutates:
        return "None", call
    if op.name in NAMED:
        cls = f"return_types.{NAMED[op.name]}"
        return cls, f"{cls}(*{call})"
    return ("tuple[Tensor, ...]" if _gives_several(op) else "Tensor"), call


def _arguments(op: Op) -> str:
    """The operands and attributes as the op wants them, two tuples."""
    attrs = [_attribute(op, name) for name in op.attrs]
    return f"{_tuple(op.operands)}, {_tuple(attrs)}"


def _attribute(op: Op, name: str) -> str:
    if name == "dim" and _takes_axis(op):
        given = "_one_of(dim, axis)" if op.attrs[name] is inspect.Parameter.empty else "dim if axis is None else axis"
        return f"_ints({given})"
    if name == "keepdim" and op.name in REDUCTIONS:
        return "keepdim if keepdims is None else keepdims"
    if name == "dtype" and "torch" in op.namespaces:
        return "_as_dtype(dtype)"
    return f"_ints({name})" if name in INTS else name


def _tuple(names: Iterable[str]) -> str:
    listed = list(names)
    return "(" + ", ".join(listed) + ("," if len(listed) == 1 else "") + ")"


def _doc(op: Op) -> str:
    return op.doc.splitlines()[0].replace('"""', "'''")


# -- parameters --------------------------------------------------------------------------------------------------------


def _parameters(op: Op) -> list[inspect.Parameter]:
    out = [_annotated(op, p) for p in _named_parameters(op)]
    if _takes_axis(op):
        # Where `dim` has to be given, `axis` may be given for it.
        out = [_optional(p) if p.name == "dim" and p.default is p.empty else p for p in out]
        out.append(_keyword("axis", "Dims", None))
    if "torch" in op.namespaces and not op.view and op.name not in WITHOUT_OUT:
        several = op.name in NAMED or _gives_several(op)
        out.append(_keyword("out", "tuple[Tensor, ...] | None" if several else "Tensor | None", None))
    return out


def _takes_axis(op: Op) -> bool:
    """Whether a function also takes NumPy's name for `dim`: public ones with no operand after it."""
    names = [p.name for p in _named_parameters(op) if p.kind is p.POSITIONAL_OR_KEYWORD and p.default is p.empty]
    public = "torch" in op.namespaces or "Tensor" in op.namespaces
    return public and "dim" in op.attrs and ("dim" not in names or names[-1] == "dim")


def _optional(parameter: inspect.Parameter) -> inspect.Parameter:
    return parameter.replace(default=None, annotation=f"{parameter.annotation} | None")


def _named_parameters(op: Op) -> list[inspect.Parameter]:
    """Names, kinds and defaults: PyTorch's own where the table has them, else the op's order."""
    if op.name in SIGNATURES:
        return _parsed(op)
    kind: Any = inspect.Parameter.POSITIONAL_OR_KEYWORD
    out = []
    for name in op.operands:
        out.append(inspect.Parameter(name, kind, default=_default(op, name)))
    for name in op.attrs:
        default = _default(op, name)
        if default is inspect.Parameter.empty and out and out[-1].default is not default:
            kind = inspect.Parameter.KEYWORD_ONLY
        out.append(inspect.Parameter(name, kind, default=default))
    return out


def _parsed(op: Op) -> list[inspect.Parameter]:
    signature = inspect.signature(eval(f"lambda {SIGNATURES[op.name]}: None"))
    given = set(signature.parameters) - {"keepdims"}
    if given != {*op.operands, *op.attrs}:
        raise TypeError(f"SIGNATURES[{op.name!r}] has {sorted(given)}, the op has {[*op.operands, *op.attrs]}")
    return list(signature.parameters.values())


def _default(op: Op, name: str) -> Any:
    default = op.signature.parameters[name].default
    return inspect.Parameter.empty if default is op.signature.empty else default


def _annotated(op: Op, parameter: inspect.Parameter) -> inspect.Parameter:
    return parameter.replace(annotation=_annotation(op, parameter.name))


def _annotation(op: Op, name: str) -> str:
    if name in op.lists:
        return "Sequence[Tensor]"
    if name in op.operands:
        kind = "Operand" if name in NUMBERS_TOO or op.mutates or _is_arithmetic(op, name) else "Tensor"
        kind = "Operand" if (op.name, name) == ("lerp", "weight") else kind
        return f"{kind} | None" if name in op.optional else kind
    if name == "dim" and (op.attrs["dim"] is None or op.name == "squeeze"):
        return "Dims"
    kind = ANNOTATIONS.get(name, "Any")
    return f"{kind} | None" if op.attrs.get(name, 0) is None and not kind.endswith(("Any", "None", "Dims")) else kind


def _is_arithmetic(op: Op, name: str) -> bool:
    """Whether PyTorch also takes a number as the first of two operands, or as either side of `where`."""
    return (name == op.operands[0] and op.operands[1:] in (("other",), ("exponent",))) or op.name in ("where", "full")


def _keyword(name: str, annotation: str, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _drop(parameters: list[inspect.Parameter], name: str) -> list[inspect.Parameter]:
    return [p for p in parameters if p.name != name]


def _listed(parameters: Iterable[inspect.Parameter]) -> str:
    """Parameters as they are written in a definition."""
    out: list[str] = []
    for p in parameters:
        if p.kind is p.KEYWORD_ONLY and "*" not in out:
            out.append("*")
        default = "" if p.default is p.empty else f" = {_literal(p.default)}"
        out.append(f"{p.name}: {p.annotation}{default}")
    return ", ".join(out)


def _literal(value: Any) -> str:
    return f"_dtypes.{value.name}" if isinstance(value, DType) else repr(value)


# -- results, worked out from the op's first sample --------------------------------------------------------------------


def _needs_session(op: Op) -> bool:
    """Whether an op makes tensors from numbers alone: then it must be told where."""
    first = next(iter(op.samples()), None) if op.samples else None
    return not op.operands or (first is not None and not any(isinstance(a, (T, list)) for a in first.args))


def _gives_several(op: Op) -> bool:
    if op.samples is None:
        return False
    sample = next(iter(op.samples()))
    for dtype in (dtypes.float32, dtypes.int64, dtypes.complex64):
        try:
            inferred = op.infer(*[_spec(arg, dtype) for arg in sample.args], **{**_defaults(op), **sample.attrs})
        except UserError:
            continue
        return isinstance(inferred, tuple)
    raise TypeError(f"no sample of {op.name} can be inferred")


def _defaults(op: Op) -> dict[str, Any]:
    return {k: v for k, v in op.attrs.items() if op.signature.parameters[k].default is not op.signature.empty}


def _spec(arg: Any, dtype: DType) -> Spec | Any:
    if isinstance(arg, T):
        return spec(arg.shape, arg.dtype or dtype)
    return tuple(_spec(a, dtype) for a in arg) if isinstance(arg, list) else arg


def _aliases() -> list[str]:
    return [
        f"{alias}{suffix} = {name}{suffix}"
        for name in sorted(OPS)
        for alias in OPS[name].aliases
        for suffix in (("", "_") if OPS[name].inplace else ("",))
    ]
