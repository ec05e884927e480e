"""The text of client/teletensor/functions/__init__.py: the module's functions, each imported from where it is written.

Reads the sources, and does not import them: it also works when the file in the tree names functions that are gone.
"""

from __future__ import annotations

import ast
from pathlib import Path

import teletensor_core.ops  # noqa: F401  (fills the registry)
from conventions import INPLACE_FUNCTIONS, NOT_FUNCTIONS
from teletensor_core.registry import OPS

FOLDER = Path(__file__).parent.parent / "client" / "teletensor" / "functions"

HEADER = '''"""The module's functions: the registry's ops, and the files of this folder. By tools/generate.py.

A function of a file takes the place of the op of that name.
"""

# ruff: noqa: I001, RUF022
# fmt: off
'''


def text() -> str:
    """The whole module."""
    sources = {path.stem: _exported(path) for path in sorted(FOLDER.glob("*.py")) if path.stem != "__init__"}
    written = {name for names in sources.values() for name in names}
    imports = {"teletensor.ops": sorted(_of_ops() - written)}
    imports |= {f"teletensor.functions.{stem}": sorted(names) for stem, names in sources.items()}
    lines = [HEADER]
    for module, names in sorted(imports.items()):
        lines += [f"from {module} import (\n{_wrapped(names)})\n"] if names else []
    everything = sorted(name for names in imports.values() for name in names)
    lines.append(f"\n__all__ = [\n{_wrapped([repr(name).replace(chr(39), chr(34)) for name in everything])}]\n")
    return "".join(lines)


def _of_ops() -> set[str]:
    found = set()
    for op in OPS.values():
        if "torch" in op.namespaces:
            names = {op.name, *op.aliases}
            found |= names | {f"{name}_" for name in names if op.inplace and f"{name}_" in INPLACE_FUNCTIONS}
    return found - NOT_FUNCTIONS


def _exported(path: Path) -> list[str]:
    """The names in a file's `__all__`."""
    for node in ast.parse(path.read_text()).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id == "__all__":
            names: list[str] = ast.literal_eval(node.value)  # type: ignore[attr-defined]
            return names
    raise TypeError(f"{path} has no __all__")


def _wrapped(names: list[str]) -> str:
    """The names with commas, in lines of at most 120 characters."""
    lines = ["   "]
    for name in names:
        if len(lines[-1]) + len(name) + 2 > 120:
            lines.append("   ")
        lines[-1] += f" {name},"
    return "\n".join(lines) + "\n"
