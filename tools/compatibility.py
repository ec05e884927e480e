"""The text of docs/compatibility.md: what works of what programs use of PyTorch, and why the rest does not.

python tools/compatibility.py           # write
python tools/compatibility.py --check   # exit 1 when the page in the tree is out of date
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "compatibility.md"

HEADER = """# Compatibility

What works of PyTorch's API. Written by `tools/compatibility.py` from the code; [ops.md](ops.md) lists the ops.

What is missing is an error that names it, the line that used it and what comes nearest. It is an AttributeError, or an
ImportError for an import, so that programs can ask with `hasattr` and `try`.
"""


def text() -> str:
    """The whole page."""
    sys.path[:0] = [str(ROOT)]
    teletensor = import_module("teletensor")
    return "\n".join([HEADER, *_measured(), *_missing(), *_families(teletensor)])


def _measured() -> list[str]:
    usage, surface = import_module("tests.client.usage"), import_module("tests.client.test_surface")
    scores, absent = usage.scores(), surface.missing()
    weight = sum(scores.values())
    there = sum(score for name, score in scores.items() if name not in absent)
    return [
        "## What programs use\n",
        f"About a thousand PyTorch programs use {len(scores)} names of its API; {len(scores) - len(absent)} of them "
        f"work, which are {100 * there / weight:.1f} % of the uses.\n",
    ]


def _missing() -> list[str]:
    surface, missing = import_module("tests.client.test_surface"), import_module("teletensor.missing")
    lines = ["## What is missing of that, and why\n", "| why | names |", "| --- | --- |"]
    for reason, names in surface.MISSING.items():
        lines.append(f"| {reason} | {', '.join(f'`{name}`' for name in sorted(names.split()))} |")
    lines += ["\nWhat an error says of these names, and of all below them:\n", "| name | reason |", "| --- | --- |"]
    lines += [f"| `{name}` | {reason} |" for name, reason in sorted(missing.REASONS.items())]
    return [*lines, ""]


def _families(teletensor: ModuleType) -> list[str]:
    lines = ["## What there is\n"]
    for title, names in _names(teletensor).items():
        lines.append(f"### {title} ({len(names)})\n")
        lines += [" ".join(f"`{name}`" for name in names), ""]
    return lines


def _names(teletensor: ModuleType) -> dict[str, list[str]]:
    """The public names of each module, and the methods of the classes with many."""
    found: dict[str, list[str]] = {}

    def walk(module: Any, title: str) -> None:
        public = [n for n in getattr(module, "__all__", None) or dir(module) if n[0] != "_"]
        below = {n: getattr(module, n) for n in public if _is_below(module, n)}
        plain = [n for n in public if not isinstance(getattr(module, n), ModuleType) and _is_own(getattr(module, n))]
        if plain:
            found[title] = sorted(plain)
        for name, value in sorted(below.items()):
            if name != "modules":
                walk(value, f"{title}.{name}")

    walk(teletensor, "torch")
    for cls in (teletensor.Tensor, teletensor.nn.Module, teletensor.optim.Optimizer):
        found[f"{cls.__name__}'s methods and attributes"] = sorted(n for n in dir(cls) if n[0] != "_")
    return found


def _is_below(module: Any, name: str) -> bool:
    value = getattr(module, name)
    return isinstance(value, ModuleType) and value.__name__ == f"{module.__name__}.{name}"


def _is_own(value: Any) -> bool:
    """Whether it is the library's, and no type hint that a module imports."""
    return getattr(value, "__module__", "teletensor") not in ("typing", "collections.abc", "__future__", "builtins")


def main() -> int:
    """Write the page, or compare."""
    made = text()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(made)
        return 0
    if PAGE.exists() and PAGE.read_text() == made:
        return 0
    print("docs/compatibility.md is out of date: run python tools/compatibility.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
