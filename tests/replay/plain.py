"""Results of either library as plain values: arrays, numbers, strings, lists, dicts and None."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from teletensor_core.dtypes import BY_NAME, BY_NP


def plain(value: Any) -> Any:
    """Tensors as arrays, sequences as lists, dtypes and sizes as text, exceptions as class names and message."""
    if value is None or isinstance(value, (bool, int, float, str, np.ndarray)):
        return value
    if isinstance(value, np.generic):
        return np.asarray(value)
    if hasattr(value, "requires_grad") and hasattr(value, "detach"):
        return _array(value)
    if isinstance(value, Exception):
        return {"error": _class_names(value), "message": str(value)}
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if hasattr(value, "is_floating_point") and hasattr(value, "itemsize"):
        return f"dtype {str(value).rpartition('.')[2]}"
    raise TypeError(f"a result of type {type(value).__name__} cannot be compared: {value!r}")


def _array(tensor: Any) -> np.ndarray[Any, Any]:
    tensor = tensor.detach().cpu()
    if type(tensor).__module__.startswith("torch"):
        from tests.oracle.ask import array

        return np.asarray(array(tensor))
    return np.array(tensor.numpy())


def _class_names(error: Exception) -> list[str]:
    """The error's own class first, then the built-in ones it derives from."""
    kinds = [kind for kind in type(error).__mro__ if kind.__module__ == "builtins"]
    return [kind.__name__ for kind in kinds if kind not in (object, BaseException, Exception)] or ["Exception"]


def encode(value: Any) -> Any:
    """Plain values for MessagePack: an array is a map of dtype, shape and bytes."""
    if isinstance(value, np.ndarray):
        return {"dtype": BY_NP[value.dtype].name, "shape": list(value.shape), "data": value.tobytes()}
    if isinstance(value, dict):
        return {"items": [[key, encode(each)] for key, each in value.items()]}
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        return {"int": str(value)}
    return [encode(each) for each in value] if isinstance(value, list) else value


def decode(value: Any) -> Any:
    """What `encode` encoded."""
    if isinstance(value, list):
        return [decode(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "int" in value:
        return int(value["int"])
    if "items" in value:
        return {key: decode(each) for key, each in value["items"]}
    return np.frombuffer(value["data"], BY_NAME[value["dtype"]].np).reshape(value["shape"])
