"""Where the boxes of a picture go: in layers, each box above everything that was made of it.

Layers by longest paths, their order by the means of neighbours: after Sugiyama, Tagawa and Toda, "Methods for Visual
Understanding of Hierarchical System Structures", IEEE Transactions on Systems, Man, and Cybernetics 11(2), 1981.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from teletensor.viz.picture import Picture

_CHARACTER, _LINE, _PADDING = 7.3, 17.0, 10.0
_BESIDE, _BELOW = 18.0, 34.0
_SWEEPS = 4


@dataclass
class Place:
    """A box's middle and size, in pixels."""

    x: float
    y: float
    width: float
    height: float


def layout(picture: Picture) -> tuple[list[Place], float, float]:
    """A place for each box, and the width and height of the whole."""
    places = [
        Place(0.0, 0.0, max(map(len, box.lines)) * _CHARACTER + 2 * _PADDING, len(box.lines) * _LINE + _PADDING)
        for box in picture.boxes
    ]
    layers = _layers(picture)
    after, before = defaultdict(list), defaultdict(list)
    for start, end in picture.arrows:
        after[start].append(end)
        before[end].append(start)
    for sweep in range(_SWEEPS):
        up = sweep % 2 == 0
        for layer in layers if up else reversed(layers):
            _arrange(layer, places, after if up else before)
    return places, *_frame(layers, places)


def _layers(picture: Picture) -> list[list[int]]:
    """The boxes by their distance from the results, which are the first layer."""
    made_of = defaultdict(list)
    waiting = [0] * len(picture.boxes)
    for start, end in picture.arrows:
        made_of[end].append(start)
        waiting[start] += 1
    level = [0] * len(picture.boxes)
    ready = [i for i, count in enumerate(waiting) if not count]
    for at in ready:
        for start in made_of[at]:
            level[start] = max(level[start], level[at] + 1)
            waiting[start] -= 1
            if not waiting[start]:
                ready.append(start)
    layers: list[list[int]] = [[] for _ in range(max(level) + 1)]
    for at in ready:
        layers[level[at]].append(at)
    return layers


def _arrange(layer: list[int], places: list[Place], neighbours: dict[int, list[int]]) -> None:
    """Order a layer by where its neighbours are, and move its boxes there as far as they do not overlap."""
    wanted = {
        at: sum(places[n].x for n in neighbours[at]) / len(neighbours[at]) if neighbours[at] else places[at].x
        for at in layer
    }
    layer.sort(key=wanted.__getitem__)
    right = float("-inf")
    for at in layer:
        place = places[at]
        place.x = max(wanted[at], right + _BESIDE + place.width / 2)
        right = place.x + place.width / 2
    off = sum(places[at].x - wanted[at] for at in layer) / len(layer)
    for at in layer:
        places[at].x -= off


def _frame(layers: list[list[int]], places: list[Place]) -> tuple[float, float]:
    """Move everything into view, the results at the bottom; the size of it."""
    left = min(place.x - place.width / 2 for place in places) - _BESIDE
    y = _BESIDE
    for layer in reversed(layers):
        height = max(places[at].height for at in layer)
        for at in layer:
            places[at].x -= left
            places[at].y = y + height / 2
        y += height + _BELOW
    width = max(place.x + place.width / 2 for place in places) + _BESIDE
    return width, y - _BELOW + _BESIDE
