"""Writes the client's generated files from the registry and from the client's own functions.

python tools/generate.py           # write
python tools/generate.py --check   # exit 1 when a file in the tree is out of date

ops.py comes first: the others are read off the package as it then is.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from importlib import import_module
from pathlib import Path

CLIENT = Path(__file__).parent.parent / "client" / "teletensor"


# What writes each file, imported only when the files before it are written: the others read the package.
FILES = {
    "ops.py": "op_functions",
    "functions/__init__.py": "exports",
    "methods.pyi": "method_stub",
}


def main() -> int:
    """Write the files, or compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only compare, exit 1 on a difference")
    check = parser.parse_args().check
    stale = 0
    for name, module in FILES.items():
        path, text = CLIENT / name, str(import_module(module).text())
        if not check:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale += 1
            print(_difference(path, text), end="")
            print(f"client/teletensor/{name} is out of date: run python tools/generate.py")
    return 1 if stale else 0


def _difference(path: Path, text: str) -> str:
    """The first lines that differ."""
    have = path.read_text().splitlines(keepends=True) if path.exists() else []
    lines = list(difflib.unified_diff(have, text.splitlines(keepends=True), "in the tree", "generated", n=0))
    return "".join(lines[:20])


if __name__ == "__main__":
    sys.exit(main())
