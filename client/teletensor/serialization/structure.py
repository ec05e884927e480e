"""Containers and plain values as JSON, with tensors by name.

A node is a map of one letter to its content: t tensor, v value, o OrderedDict (a: its attributes), m dict, k Counter, l
list, u tuple, s set, z sizes, c complex number, b bytes, d dtype, e device.
"""

from __future__ import annotations

import base64
from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np
from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import CheckpointError, UserError

from teletensor.device import Device
from teletensor.nn.parameter import Parameter
from teletensor.size import Size
from teletensor.tensor import Tensor


def describe(obj: Any, tensors: dict[str, Tensor], path: str = "") -> Any:
    """The object as JSON; its tensors are added to `tensors`, under their path."""
    if isinstance(obj, Tensor):
        node = {"t": _named(obj, tensors, path), "g": obj.requires_grad and obj.is_leaf}
        return {**node, "p": True} if isinstance(obj, Parameter) else node
    if isinstance(obj, np.generic):
        obj = obj.item()
    if isinstance(obj, complex):
        return {"c": [obj.real, obj.imag]}
    if isinstance(obj, bytes):
        return {"b": base64.b64encode(obj).decode()}
    if isinstance(obj, DType):
        return {"d": obj.name}
    if isinstance(obj, Device):
        return {"e": str(obj)}
    if isinstance(obj, dict):
        return _describe_dict(obj, tensors, path)
    if isinstance(obj, (list, tuple, set, frozenset)):
        parts = [describe(v, tensors, f"{path}.{i}" if path else str(i)) for i, v in enumerate(obj)]
        kinds = {"z": Size, "u": tuple, "l": list}
        return {next((k for k, kind in kinds.items() if isinstance(obj, kind)), "s"): parts}
    return {"v": obj}


def _describe_dict(obj: dict[Any, Any], tensors: dict[str, Tensor], path: str) -> Any:
    items = [
        [describe(key, {}), describe(value, tensors, f"{path}.{key}" if path else str(key))]
        for key, value in obj.items()
    ]
    if isinstance(obj, Counter):
        return {"k": items}
    if not isinstance(obj, OrderedDict):
        return {"m": items}
    attributes = vars(obj)
    return {"o": items, "a": describe(attributes, {})} if attributes else {"o": items}


def _named(tensor: Tensor, tensors: dict[str, Tensor], path: str) -> str:
    """A name that no other tensor has: the path, unless {"a.b": x, "a": {"b": y}} makes two alike."""
    name = unique = path if path not in ("", "__metadata__") else f"tensor{path}"
    number = 2
    while unique in tensors:
        unique, number = f"{name}#{number}", number + 1
    tensors[unique] = tensor
    return unique


def rebuild(node: Any, tensors: Mapping[str, Tensor]) -> Any:
    """The object that `describe` described. Raises CheckpointError for anything else."""
    try:
        return _rebuild(node, tensors)
    except CheckpointError:
        raise
    except (RecursionError, TypeError, ValueError, UserError) as error:
        raise CheckpointError(f"the file's structure is damaged: {error}") from None


def _rebuild(node: Any, tensors: Mapping[str, Tensor]) -> Any:
    match node:
        case {"t": str(name), "g": bool(required)}:
            if name not in tensors:
                raise CheckpointError(f"the file's structure names a tensor {name!r} that is not in it")
            found = tensors[name]
            return Parameter(found, required) if node.get("p") is True else found.requires_grad_(required)
        case {"v": None | bool() | int() | float() | str() as value}:
            return value
        case {"o": list(items)} | {"m": list(items)} | {"k": list(items)}:
            return _rebuild_dict(node, [(_rebuild(k, tensors), _rebuild(v, tensors)) for k, v in items], tensors)
        case {"l": list(parts)}:
            return [_rebuild(v, tensors) for v in parts]
        case {"u": list(parts)}:
            return tuple(_rebuild(v, tensors) for v in parts)
        case {"s": list(parts)}:
            return {_rebuild(v, tensors) for v in parts}
        case {"z": list(parts)}:
            return Size(int(_rebuild(v, tensors)) for v in parts)
        case {"c": [int() | float() as real, int() | float() as imaginary]}:
            return complex(real, imaginary)
        case {"b": str(text)}:
            return base64.b64decode(text, validate=True)
        case {"d": str(name)} if name in dtypes.BY_NAME:
            return dtypes.BY_NAME[name]
        case {"e": str(name)}:
            return Device(name)
    raise CheckpointError(f"the file's structure is damaged: {str(node)[:100]}")


def _rebuild_dict(node: dict[str, Any], pairs: list[tuple[Any, Any]], tensors: Mapping[str, Tensor]) -> Any:
    if "m" in node:
        return dict(pairs)
    if "k" in node:
        return Counter(dict(pairs))
    made: OrderedDict[Any, Any] = OrderedDict(pairs)
    attributes = _rebuild(node["a"], tensors) if "a" in node else {}
    # The one attribute that state dicts have; others could hide a method.
    if isinstance(attributes, dict) and "_metadata" in attributes:
        made._metadata = attributes["_metadata"]  # type: ignore[attr-defined]
    return made
