"""Named results, as `torch.return_types`."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

_FIELDS = {
    "aminmax": ("min", "max"),
    "slogdet": ("sign", "logabsdet"),
    "qr": ("Q", "R"),
    "eigh": ("eigenvalues", "eigenvectors"),
    "svd": ("U", "S", "Vh"),
    "lstsq": ("solution", "residuals", "rank", "singular_values"),
}
_made: dict[str, Any] = {}


def named(name: str, values: Any) -> Any:
    """The values as a named tuple called `name`: (values, indices) unless it is known to have other fields."""
    cls = _made.get(name)
    if cls is None:
        cls = _made[name] = namedtuple(name, _FIELDS.get(name, ("values", "indices")))
        cls.__module__ = "torch.return_types"
    return cls(*values)
