"""Tensors to print, and what PyTorch prints for them: `python -m tests.client.printed` records it."""

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "printed.json"
NAN, INF = math.nan, math.inf


def _leaf(t, x):
    return t.tensor(x, requires_grad=True)


def _ramp(t, *shape):
    return t.arange(math.prod(shape)).reshape(shape)


CASES: dict[str, Callable[[Any], Any]] = {
    "int": lambda t: t.tensor([1, -2, 300]),
    "int 0-d": lambda t: t.tensor(7),
    "int matrix": lambda t: t.tensor([[1, 22], [-333, 4]]),
    "int32": lambda t: t.tensor([1, 2], dtype=t.int32),
    "int8": lambda t: t.tensor([-128, 127], dtype=t.int8),
    "uint8": lambda t: t.tensor([0, 255], dtype=t.uint8),
    "int64 limits": lambda t: t.tensor([-(2**63), 2**63 - 1]),
    "bool": lambda t: t.tensor([True, False]),
    "bool 0-d": lambda t: t.tensor(True),
    "bool matrix": lambda t: t.tensor([[True, False], [False, True]]),
    "float": lambda t: t.tensor([1.5, -2.25, 3.0]),
    "float 0-d": lambda t: t.tensor(3.14159265),
    "float 0-d whole": lambda t: t.tensor(2.0),
    "whole floats": lambda t: t.tensor([1.0, 2.0, -30.0]),
    "whole floats large": lambda t: t.tensor([1.0, 1e5, 1e8]),
    "whole floats beyond": lambda t: t.tensor([1.0, 1e9]),
    "zeros": lambda t: t.zeros(3),
    "negative zero": lambda t: t.tensor([-0.0, 0.0]),
    "mixed exponents": lambda t: t.tensor([1e-3, 1.0, 100.0]),
    "wide exponents": lambda t: t.tensor([1e-5, 1.0, 1000.0]),
    "tiny": lambda t: t.tensor([1e-10, 2e-10]),
    "small but even": lambda t: t.tensor([0.00012, 0.0005]),
    "below a ten thousandth": lambda t: t.tensor([0.00009, 0.0005]),
    "huge": lambda t: t.tensor([1e20, 2.5e20]),
    "ratio of a thousand": lambda t: t.tensor([0.1, 100.0]),
    "ratio over a thousand": lambda t: t.tensor([0.1, 101.0]),
    "float64": lambda t: t.tensor([1.5, 2.5], dtype=t.float64),
    "float64 0-d": lambda t: t.tensor(0.1, dtype=t.float64),
    "float16": lambda t: t.tensor([1.5, 65504.0], dtype=t.float16),
    "bfloat16": lambda t: t.tensor([1.5, -3.14159], dtype=t.bfloat16),
    "bfloat16 0-d": lambda t: t.tensor(0.1, dtype=t.bfloat16),
    "nan and inf": lambda t: t.tensor([NAN, INF, -INF, 1.5]),
    "nan and whole": lambda t: t.tensor([NAN, 1.0, 2.0]),
    "inf and whole": lambda t: t.tensor([INF, 100000.0]),
    "only nan": lambda t: t.tensor([NAN, NAN]),
    "only inf": lambda t: t.tensor([INF, -INF]),
    "nan 0-d": lambda t: t.tensor(NAN),
    "nan matrix": lambda t: t.tensor([[NAN, 1.0], [2.5, -INF]]),
    "complex": lambda t: t.tensor([1 + 2j, -3.5 - 0.25j]),
    "complex 0-d": lambda t: t.tensor(1 - 1j),
    "complex whole": lambda t: t.tensor([1 + 1j, 2 - 2j]),
    "complex128": lambda t: t.tensor([1 + 2j], dtype=t.complex128),
    "complex with nan": lambda t: t.tensor([complex(NAN, 1), complex(2, INF)]),
    "complex wide": lambda t: t.tensor([1e-6 + 1j, 1000 + 2j]),
    "complex matrix": lambda t: t.tensor([[1 + 2j, 3 + 4j], [5 + 6j, 7 + 8.5j]]),
    "empty": lambda t: t.tensor([]),
    "empty int": lambda t: t.tensor([], dtype=t.int64),
    "empty bool": lambda t: t.zeros(0, dtype=t.bool),
    "empty matrix": lambda t: t.zeros(0, 3),
    "empty inside": lambda t: t.zeros(2, 0, 3),
    "empty int matrix": lambda t: t.zeros(2, 0, dtype=t.int32),
    "empty that requires grad": lambda t: t.zeros(0, requires_grad=True),
    "three dimensions": lambda t: _ramp(t, 2, 2, 3),
    "four dimensions": lambda t: _ramp(t, 2, 1, 2, 2),
    "one by one": lambda t: t.ones(1, 1),
    "one long row": lambda t: t.arange(30),
    "long float row": lambda t: t.arange(30) / 7,
    "wide matrix": lambda t: _ramp(t, 2, 40),
    "1000 elements": lambda t: t.arange(1000),
    "1001 elements": lambda t: t.arange(1001),
    "big float": lambda t: t.arange(2000) / 3,
    "big matrix": lambda t: _ramp(t, 50, 50),
    "big thin": lambda t: _ramp(t, 1001, 1),
    "big flat": lambda t: _ramp(t, 1, 1001),
    "big with short sides": lambda t: _ramp(t, 500, 4),
    "big cube": lambda t: _ramp(t, 20, 20, 20),
    "big batch": lambda t: _ramp(t, 7, 200),
    "big of six": lambda t: _ramp(t, 6, 200),
    "big bool": lambda t: t.arange(1500) % 2 == 0,
    "big bfloat16": lambda t: (t.arange(1200) / 8).to(t.bfloat16),
    "big complex": lambda t: t.complex(t.arange(1100.0), t.ones(1100)),
    "big with an outlier in the middle": lambda t: t.cat([t.ones(600), t.tensor([1e10]), t.ones(600)]),
    "requires grad": lambda t: _leaf(t, [1.0, 2.0]),
    "requires grad 0-d": lambda t: _leaf(t, 1.0),
    "grad_fn": lambda t: _leaf(t, [1.0, 2.0]) * 2,
    "grad_fn of a sum": lambda t: _leaf(t, [1.0, 2.0]).sum(),
    "grad_fn of a view": lambda t: _leaf(t, [1.0, 2.0]).view(2, 1),
    "grad_fn and dtype": lambda t: _leaf(t, [1.0, 2.0]).double() * 2,
    "grad_fn does not fit the line": lambda t: _leaf(t, [float(i) + 0.5 for i in range(7)]).exp(),
    "suffixes on lines of their own": lambda t: (_leaf(t, [1 + i / 8 for i in range(8)]).double() * 1.0).reshape(1, 8),
    "detached": lambda t: (_leaf(t, [1.0]) * 2).detach(),
    "parameter": lambda t: t.nn.Parameter(t.ones(2)),
    "parameter matrix": lambda t: t.nn.Parameter(t.ones(2, 2), requires_grad=False),
    "transposed": lambda t: _ramp(t, 2, 3).T,
    "expanded": lambda t: t.tensor([1.5]).expand(3),
    "max along": lambda t: t.tensor([[1.0, 2.0], [4.0, 3.0]]).max(1),
    "list of tensors": lambda t: [t.ones(1), t.zeros(1)],
    "size": lambda t: t.zeros(2, 3).shape,
    "size of nothing": lambda t: t.tensor(1).shape,
    "dtype": lambda t: t.bfloat16,
    "device": lambda t: t.device("cuda:1"),
    "device without a number": lambda t: t.device("cpu"),
    "finfo": lambda t: t.finfo(t.float32),
    "finfo of bfloat16": lambda t: t.finfo(t.bfloat16),
    "iinfo": lambda t: t.iinfo(t.int16),
    "layout": lambda t: t.ones(1).layout,
    "memory format": lambda t: t.channels_last,
    "legacy class": lambda t: t.FloatTensor,
}

# set_printoptions arguments, and what is printed under them.
OPTIONS: dict[str, tuple[dict[str, Any], Callable[[Any], Any]]] = {
    "precision": ({"precision": 2}, lambda t: t.arange(4) / 7),
    "precision 10": ({"precision": 10}, lambda t: t.arange(3) / 7),
    "threshold": ({"threshold": 5}, lambda t: t.arange(8)),
    "edgeitems": ({"threshold": 5, "edgeitems": 1}, lambda t: t.arange(8)),
    "edgeitems of a matrix": ({"threshold": 5, "edgeitems": 2}, lambda t: t.arange(100).reshape(10, 10)),
    "linewidth": ({"linewidth": 40}, lambda t: t.arange(20)),
    "linewidth and suffix": ({"linewidth": 30}, lambda t: t.ones(3, dtype=t.float64)),
    "sci_mode on": ({"sci_mode": True}, lambda t: t.tensor([1.0, 2.5])),
    "sci_mode off": ({"sci_mode": False}, lambda t: t.tensor([1e-8, 1e8])),
    "short": ({"profile": "short"}, lambda t: t.arange(10) / 7),
    "full": ({"profile": "full"}, lambda t: t.arange(1200)),
    "short with precision": ({"profile": "short", "precision": 6}, lambda t: t.arange(3) / 7),
    "default": ({"profile": "default"}, lambda t: t.arange(3) / 7),
}


def printed(torch: Any) -> dict[str, str]:
    """What a library prints for every case."""
    found = {name: repr(make(torch)) for name, make in CASES.items()}
    for name, (options, make) in OPTIONS.items():
        torch.set_printoptions(profile="default")
        torch.set_printoptions(**options)
        found[f"options: {name}"] = repr(make(torch))
    torch.set_printoptions(profile="default")
    return found


def recorded() -> dict[str, str]:
    """What PyTorch printed."""
    found: dict[str, str] = json.loads(FILE.read_text())
    return found


def main() -> int:
    """Record it anew."""
    import torch

    FILE.write_text(json.dumps(printed(torch), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
