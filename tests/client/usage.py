"""Names of PyTorch that programs use, and where they are found in a library."""

import operator
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "torch_usage.txt"


@cache
def scores() -> dict[str, float]:
    """Every name with its score, the most used first."""
    lines = [line for line in FILE.read_text().splitlines() if line and not line.startswith("#")]
    return {name: float(score) for name, _, score in (line.rpartition(" ") for line in lines)}


def find(torch: Any, name: str) -> Any:
    """What a name of the list stands for. AttributeError when the library does not have it."""
    kind, _, rest = name.partition(".")
    if name.startswith("operator "):
        return _operator(torch, name.removeprefix("operator "))
    roots = {
        "torch": torch,
        "Tensor": torch.Tensor,
        "Module": torch.nn.Module,
        "Optimizer": torch.optim.Optimizer,
    }
    return operator.attrgetter(rest)(roots[kind])


_SPECIAL = {
    "bitwise_and": "and", "bitwise_or": "or", "bitwise_not": "invert", "div": "truediv", "floor_divide": "floordiv",
    "remainder": "mod",
}  # fmt: skip


def _operator(torch: Any, name: str) -> Any:
    special = name if name.startswith("__") else f"__{_SPECIAL.get(name, name)}__"
    return getattr(torch.Tensor, special)


def has(torch: Any, name: str) -> bool:
    """Whether the library has it."""
    try:
        find(torch, name)
    except AttributeError:
        return False
    return True
