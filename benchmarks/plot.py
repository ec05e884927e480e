"""The picture of the README: rates of the sides as bars, as an SVG written by hand."""

from __future__ import annotations

import math
from html import escape

from benchmarks.workloads import SIDES, Results

_PANELS = (("chain", "small ops a second, one after another"), ("mlp", "training steps a second, small MLP"))
_OURS = frozenset(("here", "worker", "gRPC only", "compiled", "20 ms away"))
_ROW, _LABEL, _BAR, _NUMBER, _TOP = 22, 90, 210, 70, 44
_STYLE = """\
<style>
text { font: 13px sans-serif; fill: #57606a; }
.title { font-weight: bold; }
.ours { fill: #1f7a5c; }
.theirs { fill: #a9b4bf; }
</style>"""


def svg(results: Results) -> str:
    """Bars on a logarithmic scale, so that what is far slower still shows."""
    rows = max(len(_rates(results, name)) for name, _ in _PANELS)
    width = len(_PANELS) * (_LABEL + _BAR + _NUMBER)
    height = _TOP + rows * _ROW + 10
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}">', _STYLE]
    for i, (name, title) in enumerate(_PANELS):
        parts.append(_panel(title, _rates(results, name), i * (_LABEL + _BAR + _NUMBER)))
    return "\n".join([*parts, "</svg>\n"])


def _rates(results: Results, workload: str) -> list[tuple[str, float]]:
    found = results.get(workload, {})
    return [(side, found[side]) for side, *_ in SIDES if side in found]


def _panel(title: str, rates: list[tuple[str, float]], left: int) -> str:
    parts = [f'<text class="title" x="{left + _LABEL}" y="20">{escape(title)} (log scale)</text>']
    if not rates:
        return parts[0]
    least, most = (math.log10(pick(rate for _, rate in rates)) for pick in (min, max))
    for i, (side, rate) in enumerate(rates):
        y = _TOP + i * _ROW
        length = _BAR * (0.08 + 0.92 * (math.log10(rate) - least) / max(most - least, 0.1))
        kind = "ours" if side in _OURS else "theirs"
        parts += [
            f'<text x="{left + _LABEL - 8}" y="{y + 12}" text-anchor="end">{escape(side)}</text>',
            f'<rect class="{kind}" x="{left + _LABEL}" y="{y}" width="{length:.0f}" height="16" rx="2"/>',
            f'<text x="{left + _LABEL + length + 6:.0f}" y="{y + 12}">{rate:,.0f}</text>',
        ]
    return "\n".join(parts)
