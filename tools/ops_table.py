"""Writes docs/ops.md, the table of every op, from the registry.

python tools/ops_table.py           # write
python tools/ops_table.py --check   # exit 1 when the file in the tree is out of date
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from importlib import import_module
from itertools import groupby
from pathlib import Path

import teletensor_core.ops  # noqa: F401  (fills the registry)
from teletensor_core.registry import OPS, Op

OUT = Path(__file__).parent.parent / "docs" / "ops.md"
HEADER = """# Ops

Generated from the registry by `tools/ops_table.py`: every op, with its operands and attributes as its stanza in
`core/teletensor_core/ops` defines them. An op marked ∂ has a gradient; \\_ means that `name_` writes in place; a view
shares memory. Internal ops are those that PyTorch has no name for: gradients, and the forms behind functions with
overloads.
"""


def text() -> str:
    """The page."""
    families = groupby(sorted(OPS.values(), key=lambda op: (op.module, op.name)), key=lambda op: op.module)
    parts = [HEADER]
    for module, ops in families:
        summary = (import_module(module).__doc__ or "").split("\n\n")[0].replace("\n", " ")
        parts.append(f"## {module.rpartition('.')[2]}\n\n{summary}\n\n| op | | what it gives |\n| --- | --- | --- |")
        parts[-1] += "".join(f"\n| {row} |" for row in map(_row, ops))
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def _row(op: Op) -> str:
    names = f"`{op.name}{_signature(op)}`"
    if op.aliases:
        names += ", also " + ", ".join(f"`{alias}`" for alias in op.aliases)
    return f"{names} | {' '.join(_marks(op))} | {op.doc.splitlines()[0]}".replace("|x|", "\\|x\\|")


def _signature(op: Op) -> str:
    parameters = list(op.signature.parameters.values())[1:]
    return str(op.signature.replace(parameters=[p.replace(annotation=p.empty) for p in parameters]))


def _marks(op: Op) -> Iterator[str]:
    if op.vjps:
        yield "∂"
    if op.inplace:
        yield "\\_"
    if op.view:
        yield "view"
    if not op.namespaces:
        yield "internal"


def main() -> int:
    """Write the page, or compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare, exit 1 on a difference")
    if parser.parse_args().check:
        same = OUT.exists() and OUT.read_text() == text()
        print("up to date" if same else f"{OUT} is out of date: run python tools/ops_table.py")
        return 0 if same else 1
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
