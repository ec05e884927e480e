"""Records CuPy's surface for the strict device: `python -m tests.devices.record_api`, where CuPy is installed."""

import inspect
import json
import sys
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "cupy_api.json"


def record() -> dict[str, Any]:
    """CuPy's functions with their parameters, its ufuncs with their loops, and its arrays' attributes."""
    import cupy

    return {
        "version": cupy.__version__,
        "functions": _module(cupy),
        "linalg": _module(cupy.linalg),
        "ndarray": sorted(name for name in dir(cupy.ndarray) if not name.startswith("_")),
    }


def _module(module: Any) -> dict[str, Any]:
    import cupy

    found: dict[str, Any] = {}
    for name in sorted(vars(module)):
        value = getattr(module, name)
        if name.startswith("_") or inspect.isclass(value) or inspect.ismodule(value) or not callable(value):
            continue
        found[name] = value.types if isinstance(value, cupy.ufunc) else _parameters(value)
    return found


def _parameters(function: Any) -> dict[str, Any]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # a function of C that does not tell
        return {"names": [], "more": True, "keywords": True}
    return {
        "names": [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)],
        "more": any(p.kind is p.VAR_POSITIONAL for p in parameters),
        "keywords": any(p.kind is p.VAR_KEYWORD for p in parameters),
    }


def load() -> dict[str, Any]:
    """What was recorded."""
    api: dict[str, Any] = json.loads(FILE.read_text())
    return api


def text(api: dict[str, Any]) -> str:
    """The file's text: one line for each name."""
    return json.dumps(api, sort_keys=True, separators=(",", ":")).replace('},"', '},\n"').replace('],"', '],\n"') + "\n"


if __name__ == "__main__":
    FILE.write_text(text(record()))
    print(f"wrote {FILE}", file=sys.stderr)
