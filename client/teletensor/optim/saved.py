"""An optimiser's state as it is saved: PyTorch's layout, in which parameters are numbers.

{"state": {0: {"step": tensor(3.), "exp_avg": tensor(...)}, ...},
 "param_groups": [{"lr": 0.001, ..., "params": [0, 1]}, ...]}
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from teletensor_core.errors import ArgumentError

from teletensor.optim import counters
from teletensor.tensor import Tensor

Group = dict[str, Any]


def pack(state: Mapping[Any, Any], groups: list[Group]) -> dict[str, Any]:
    """State and groups with each parameter replaced by its number."""
    numbers: dict[int, int] = {}
    for group in groups:
        for p in group["params"]:
            numbers.setdefault(id(p), len(numbers))
    return {
        "state": {numbers.get(id(key), key): value for key, value in state.items()},
        "param_groups": [
            {**{k: v for k, v in group.items() if k != "params"}, "params": [numbers[id(p)] for p in group["params"]]}
            for group in groups
        ],
    }


def unpack(packed: dict[str, Any], groups: list[Group], defaults: dict[str, Any]) -> tuple[dict[Any, Any], list[Group]]:
    """State and groups for the parameters in `groups`, options that are not saved taken from the defaults."""
    theirs = packed["param_groups"]
    _check_sizes(groups, theirs)
    fresh: list[Group] = []
    by_number: dict[int, Tensor] = {}
    for mine, saved in zip(groups, theirs, strict=True):
        by_number.update(zip(saved["params"], mine["params"], strict=True))
        options = {k: deepcopy(v) for k, v in saved.items() if k not in ("params", "param_names")}
        kept = {k: v for k, v in mine.items() if k in ("params", "param_names")}
        fresh.append({**defaults, **options, **kept})
    state = {by_number.get(_number(key), key): value for key, value in packed["state"].items()}
    placed = {p: _placed(value, p) if isinstance(p, Tensor) else value for p, value in state.items()}
    return placed, fresh


def _check_sizes(mine: list[Group], theirs: list[Group]) -> None:
    if len(mine) != len(theirs):
        raise ArgumentError("loaded state dict has a different number of parameter groups")
    if any(len(a["params"]) != len(b["params"]) for a, b in zip(mine, theirs, strict=True)):
        raise ArgumentError(
            "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
        )


def _number(key: Any) -> Any:
    """A parameter's number; files of flat names hold it as text."""
    return int(key) if isinstance(key, str) and key.isdecimal() else key


def _placed(value: Any, p: Tensor, name: str = "") -> Any:
    """A loaded entry where and as its parameter is; what counts steps stays in this process."""
    if name in counters.NAMES:
        return counters.loaded(value)
    if isinstance(value, Tensor):
        return value.to(p.device, p.dtype) if p.is_floating_point() else value.to(p.device)
    if isinstance(value, dict):
        return {k: _placed(v, p, k) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_placed(v, p) for v in value)
    return value
