"""Tensors as text, as PyTorch prints them. A big tensor fetches only the corners that are shown."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from teletensor_core import dtypes

if TYPE_CHECKING:
    from teletensor.tensor import Tensor


@dataclass(frozen=True)
class Options:
    """How tensors are printed; see `set_printoptions`."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_PROFILES = {
    "default": Options(),
    "short": Options(precision=2, edgeitems=2),
    "full": Options(threshold=math.inf),
}
_options = [Options()]


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Change how tensors are printed: digits, how many elements before summarising, how many at each edge, line
    width.
    """
    base = _PROFILES[profile] if profile is not None else _options[0]
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    _options[0] = replace(base, **{k: v for k, v in given.items() if v is not None}, sci_mode=sci_mode)  # type: ignore[arg-type]


def tensor_repr(tensor: Tensor) -> str:
    """What `repr(tensor)` is."""
    options = _options[0]
    opening = "tensor(" if tensor._is_ours else f"{type(tensor).__name__}("
    suffixes = _suffixes(tensor)
    if tensor.is_meta:
        body = "..."
    elif tensor.numel() == 0:
        if tensor.ndim != 1:
            suffixes.insert(0, f"size={tuple(tensor.shape)}")
        body = "[]"
    else:
        summarize = tensor.numel() > options.threshold
        values = fetch_shown(tensor, options.edgeitems) if summarize else _host(tensor)
        body = _body(values, tuple(tensor.shape), len(opening), options, summarize)
    text = _with_suffixes(opening + body, suffixes, len(opening), options.linewidth)
    if not any(kind.__name__ == "Parameter" for kind in type(tensor).__mro__):
        return text
    return text if tensor._is_ours else f"Parameter({text})"


def fetch_shown(tensor: Tensor, edgeitems: int) -> np.ndarray[Any, Any]:
    """The corners that a summary shows: one index op for each long dimension, one round trip for all."""
    from teletensor import factories, grad_mode, ops

    with grad_mode.no_grad():
        shown = tensor.detach()
        for dim, size in enumerate(tensor.shape):
            if size > 2 * edgeitems:
                edges = [*range(edgeitems), *range(size - edgeitems, size)]
                index = factories.tensor(edges, dtype=dtypes.int64, device=tensor.device)
                shown = ops.index_select(shown, dim, index)
        return _host(shown)


def _host(tensor: Tensor) -> np.ndarray[Any, Any]:
    return tensor._fetch()


def _suffixes(tensor: Tensor) -> list[str]:
    out = []
    if tensor.device.type != "cpu":
        out.append(f"device='{tensor.device}'")
    if tensor.is_meta:
        out.append(f"size={tuple(tensor.shape)}")
    default = dtypes.default_dtype()
    is_told_by_values = tensor.dtype in (dtypes.int64, dtypes.bool_, default.to_complex()) and tensor.numel() > 0
    if tensor.dtype is not default and (tensor.is_meta or not is_told_by_values):
        out.append(f"dtype={tensor.dtype!r}")
    if tensor.grad_fn is not None:
        out.append(f"grad_fn=<{tensor.grad_fn.name()}>")
    elif tensor.requires_grad:
        out.append("requires_grad=True")
    return out


def _with_suffixes(text: str, suffixes: list[str], indent: int, linewidth: int) -> str:
    last = len(text) - text.rfind("\n") - 1
    for suffix in suffixes:
        if last + len(suffix) + 3 > linewidth:
            text += ",\n" + " " * indent + suffix
            last = indent + len(suffix)
        else:
            text += ", " + suffix
            last += len(suffix) + 2
    return text + ")"


class _Formatter:
    """Decides on one format for all numbers that are shown, by PyTorch's rules, and applies it."""

    def __init__(self, values: np.ndarray[Any, Any], options: Options) -> None:
        self.options = options
        self.floating = values.dtype.kind not in "biu"
        self.whole = True
        self.scientific = False
        self.width = 1
        if not self.floating:
            self.width = max((len(str(v)) for v in values.reshape(-1).tolist()), default=1)
            return
        real = values.astype(np.float64).reshape(-1)
        shown = real[np.isfinite(real) & (real != 0)]
        if shown.size:
            self._choose(shown, np.abs(shown))
        if options.sci_mode is not None:
            self.scientific = options.sci_mode
            self.width = max((len(self._number(v)) for v in shown.tolist()), default=self.width)

    def _choose(self, shown: np.ndarray[Any, Any], size: np.ndarray[Any, Any]) -> None:
        self.whole = bool((shown == np.ceil(shown)).all())
        least, most = size.min(), size.max()
        if self.whole:
            self.scientific = bool(most / least > 1000.0 or most > 1.0e8)
        else:
            self.scientific = bool(most / least > 1000.0 or most > 1.0e8 or least < 1.0e-4)
        self.width = max(len(self._number(v)) for v in shown.tolist())

    def _number(self, value: float) -> str:
        if self.scientific:
            return f"{value:.{self.options.precision}e}"
        if self.whole:
            return f"{value:.0f}." if math.isfinite(value) else str(value)
        return f"{value:.{self.options.precision}f}"

    def format(self, value: Any) -> str:
        """One element, padded to the common width."""
        text = self._number(value) if self.floating else str(value)
        return " " * (self.width - len(text)) + text


def _body(values: np.ndarray[Any, Any], shape: tuple[int, ...], indent: int, options: Options, summarize: bool) -> str:
    if values.dtype.kind == "c":
        parts = (_Formatter(values.real, options), _Formatter(values.imag, options))
        text = _complex_text(parts)
        width = sum(part.width for part in parts) + 1
    else:
        formatter = _Formatter(values, options)
        width = formatter.width
        text = formatter.format
    return _nested(_python(values), shape, indent, options, summarize, text, width)


def _complex_text(parts: tuple[_Formatter, _Formatter]) -> Any:
    def text(value: complex) -> str:
        imag = parts[1].format(value.imag).lstrip()
        sign = "" if imag.startswith("-") else "+"
        return f"{parts[0].format(value.real)}{sign}{imag}j"

    return text


def _python(values: np.ndarray[Any, Any]) -> Any:
    return values.tolist() if values.dtype.isbuiltin else values.astype(np.float32).tolist()


def _nested(
    values: Any, shape: tuple[int, ...], indent: int, options: Options, summarize: bool, text: Any, width: int
) -> str:
    if not shape:
        return str(text(values))
    edge = options.edgeitems
    cut = summarize and shape[0] > 2 * edge
    if len(shape) == 1:
        return _row([text(v) for v in values], cut, indent, options, width)
    rows = [_nested(v, shape[1:], indent + 1, options, summarize, text, width) for v in values]
    if cut:
        rows = [*rows[:edge], "...", *rows[-edge:]]
    return "[" + ("," + "\n" * (len(shape) - 1) + " " * (indent + 1)).join(rows) + "]"


def _row(items: list[str], cut: bool, indent: int, options: Options, width: int) -> str:
    per_line = max(1, (options.linewidth - indent) // (width + 2))
    if cut:
        items = [*items[: options.edgeitems], " ...", *items[-options.edgeitems :]]
    lines = [", ".join(items[i : i + per_line]) for i in range(0, len(items), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
