"""A picture as text: DOT, for graphviz, and SVG."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from xml.sax.saxutils import escape

from teletensor.viz.layout import Place, layout
from teletensor.viz.picture import Picture

_FILLS = {"op": "#e8e8ef", "parameter": "#cfe3f7", "leaf": "#d9efd5", "result": "#fbe3c0"}
# What XML 1.0 has no place for, written in any way.
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE = 17.0


class Drawing:
    """A drawn graph. `dot` is its text for graphviz, `svg` an image; Jupyter shows it by itself."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture

    @cached_property
    def dot(self) -> str:
        """The graph in the DOT language: `graphviz.Source(drawing.dot)`, or `dot -Tpdf`."""
        lines = ["digraph {", '  node [shape=box style="rounded,filled" fontname=monospace fontsize=11]']
        for at, box in enumerate(self.picture.boxes):
            label = "\\n".join(_quoted(line) for line in box.lines)
            lines.append(f'  n{at} [label="{label}" fillcolor="{_FILLS[box.kind]}"]')
        lines += [f"  n{start} -> n{end}" for start, end in self.picture.arrows]
        return "\n".join([*lines, "}", ""])

    @cached_property
    def svg(self) -> str:
        """The graph as an SVG image, laid out here: graphviz is not needed."""
        places, width, height = layout(self.picture)
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="monospace" font-size="12">',
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            '<path d="M0 0L8 4L0 8z" fill="#667"/></marker></defs>',
            '<g fill="none" stroke="#667" marker-end="url(#tip)">',
            *[_arrow(places[start], places[end]) for start, end in self.picture.arrows],
            "</g>",
            *[_box(place, box.kind, box.lines) for place, box in zip(places, self.picture.boxes, strict=True)],
            "</svg>",
            "",
        ])  # fmt: skip

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | Path) -> None:
        """Write the SVG, or to a name that ends in `.dot` or `.gv` the DOT text."""
        path = Path(path)
        path.write_text(self.dot if path.suffix in (".dot", ".gv") else self.svg, encoding="utf-8")

    def __repr__(self) -> str:
        return f"<drawing of {len(self.picture.boxes)} boxes and {len(self.picture.arrows)} arrows>"


def _quoted(text: str) -> str:
    """Text between the quotes of a DOT string."""
    return (
        _NOT_XML.sub("\ufffd", text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", " ")
    )


def _box(place: Place, kind: str, lines: tuple[str, ...]) -> str:
    x, y = place.x - place.width / 2, place.y - place.height / 2
    top = place.y - (len(lines) - 1) * _LINE / 2
    texts = "".join(
        f'<text x="{place.x:.1f}" y="{top + i * _LINE:.1f}" text-anchor="middle" dominant-baseline="central">'
        f"{escape(_NOT_XML.sub(chr(0xFFFD), line))}</text>"
        for i, line in enumerate(lines)
    )
    shape = (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{place.width:.1f}" height="{place.height:.1f}" rx="5" '
        f'fill="{_FILLS[kind]}" stroke="#889"/>'
    )
    return f'<g class="{kind}">{shape}{texts}</g>'


def _arrow(start: Place, end: Place) -> str:
    top, bottom = start.y + start.height / 2, end.y - end.height / 2
    middle = (top + bottom) / 2
    return (
        f'<path d="M{start.x:.1f} {top:.1f}C{start.x:.1f} {middle:.1f} {end.x:.1f} {middle:.1f} '
        f'{end.x:.1f} {bottom:.1f}"/>'
    )
