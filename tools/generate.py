"""Writes client/teletensor/ops.py, the client's functions for every op, from the registry.

python tools/generate.py           # write
python tools/generate.py --check   # exit 1 when the file in the tree is out of date
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import teletensor_core.ops  # noqa: F401  (fills the registry)
from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import UserError
from teletensor_core.registry import OPS, Op
from teletensor_core.samples import T
from teletensor_core.spec import Spec, spec

OUT = Path(__file__).parent.parent / "client" / "teletensor" / "ops.py"

HEADER = '''"""One function per op, generated from the registry by tools/generate.py. Do not edit.

Each takes the op's operands and attributes by PyTorch's names and returns tensors; `name_` writes into its
first operand and returns it.
"""

# ruff: noqa
# fmt: off
from __future__ import annotations

from typing import Any, TypeAlias

import teletensor_core.ops as _families  # fills the registry
from teletensor.dispatch import apply as _apply, apply_inplace as _apply_inplace, apply_mutation as _apply_mutation
from teletensor.tensor import Tensor
from teletensor_core import dtypes as _dtypes
from teletensor_core.registry import OPS as _OPS

Operand: TypeAlias = Tensor | int | float | bool | complex
'''

TYPES = {
    "dim": "int | tuple[int, ...] | None",
    "keepdim": "bool",
    "dtype": "Any",
    "shape": "tuple[int, ...]",
    "size": "Any",
    "inplace": "bool",
    "reduction": "str",
}


def generate() -> str:
    """The text of the module."""
    parts = [HEADER]
    for name in sorted(OPS):
        op = OPS[name]
        parts.append(
            f"\n_{name.strip('_')}_op = _OPS[{name!r}]\n" if op.mutates else f"\n_{name}_op = _OPS[{name!r}]\n"
        )
        parts.append(_function(op, inplace=False))
        if op.inplace:
            parts.append(_function(op, inplace=True))
    parts.append(_aliases())
    return "\n".join(parts)


def _function(op: Op, *, inplace: bool) -> str:
    name = op.name + ("_" if inplace else "")
    variable = f"_{op.name.strip('_')}_op" if op.mutates else f"_{op.name}_op"
    operands = ", ".join(op.operands) + ("," if len(op.operands) == 1 else "")
    attrs = ", ".join(op.attrs) + ("," if len(op.attrs) == 1 else "")
    call = "_apply_mutation" if op.mutates else "_apply_inplace" if inplace else "_apply"
    if op.operands and all(_creates(op)):
        call, tail, extra = "_apply", ", session", ["session: Any"]
    else:
        tail, extra = "", []
    if not op.operands:
        tail, extra = ", session", ["session: Any"]
    parameters = ", ".join([*_parameters(op), *(["*, " + extra[0]] if extra else [])])
    doc = op.doc.splitlines()[0].replace('"""', "'''")
    doc = f"{doc} Written into `{op.operands[0]}`." if inplace else doc
    returns = "None" if op.mutates else _returns(op)
    return (
        f"\ndef {name}({parameters}) -> {returns}:\n"
        f'    """{doc}"""\n'
        f"    {'return ' if not op.mutates else ''}{call}({variable}, ({operands}), ({attrs}){tail})\n"
    )


def _creates(op: Op) -> list[bool]:
    """Whether an op makes tensors from numbers alone: then it must be told where."""
    first = next(iter(op.samples()), None) if op.samples else None
    return [first is not None and not any(isinstance(a, (T, list)) for a in first.args)]


def _parameters(op: Op) -> list[str]:
    out = []
    for name in op.operands:
        if name in op.lists:
            out.append(f"{name}: Any")
        elif name in op.optional:
            out.append(f"{name}: Operand | None = None")
        else:
            out.append(f"{name}: Operand" + (_default(op, name)))
    defaults_from_here = any("=" in part for part in out)
    for name, default in op.attrs.items():
        kind = TYPES.get(name, "Any")
        missing = op.signature.parameters[name].default is op.signature.empty
        if missing and defaults_from_here:
            out.append("*") if "*" not in out else None
        out.append(f"{name}: {kind}" + ("" if missing else f" = {_literal(default)}"))
        defaults_from_here = defaults_from_here or not missing
    return out


def _literal(value: Any) -> str:
    return f"_dtypes.{value.name}" if isinstance(value, DType) else repr(value)


def _default(op: Op, name: str) -> str:
    default = op.signature.parameters[name].default
    return "" if default is op.signature.empty else f" = {default!r}"


def _returns(op: Op) -> str:
    if op.samples is None:
        return "Any"
    sample = next(iter(op.samples()))
    for dtype in (dtypes.float32, dtypes.int64):
        try:
            inferred = op.infer(*[_spec(arg, dtype) for arg in sample.args], **{**_defaults(op), **sample.attrs})
        except UserError:
            continue
        return "tuple[Tensor, ...]" if isinstance(inferred, tuple) else "Tensor"
    raise TypeError(f"no sample of {op.name} can be inferred")


def _defaults(op: Op) -> dict[str, Any]:
    return {k: v for k, v in op.attrs.items() if op.signature.parameters[k].default is not op.signature.empty}


def _spec(arg: Any, dtype: DType) -> Spec | Any:
    if isinstance(arg, T):
        return spec(arg.shape, arg.dtype or dtype)
    return tuple(_spec(a, dtype) for a in arg) if isinstance(arg, list) else arg


def _aliases() -> str:
    lines = []
    for name in sorted(OPS):
        for alias in OPS[name].aliases:
            lines.append(f"{alias} = {name}")
            if OPS[name].inplace:
                lines.append(f"{alias}_ = {name}_")
    return "\n" + "\n".join(lines) + "\n"


def main() -> int:
    """Write the module, or compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare, exit 1 on a difference")
    text = generate()
    if parser.parse_args().check:
        same = OUT.exists() and OUT.read_text() == text
        print("up to date" if same else f"{OUT} is out of date: run python tools/generate.py")
        return 0 if same else 1
    OUT.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
