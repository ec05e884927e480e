"""Drawings of the graph: what is in them, that they are well formed whatever the names, and what they cost."""

import xml.etree.ElementTree as ElementTree

import pytest
import teletensor as torch
from teletensor import nn
from teletensor.viz import graph
from teletensor.viz.layout import layout

SVG = "{http://www.w3.org/2000/svg}"


def texts(drawing):
    """The lines of every box of the image, which has to be well-formed XML."""
    root = ElementTree.fromstring(drawing.svg)
    boxes = [g for g in root.iter(f"{SVG}g") if g.get("class")]
    return [(box.get("class"), *[t.text for t in box.iter(f"{SVG}text")]) for box in boxes]


def arrows(drawing):
    boxes = drawing.picture.boxes
    return {(boxes[a].lines[0], boxes[b].lines[0]) for a, b in drawing.picture.arrows}


def test_every_box_and_arrow_of_a_small_graph():
    x, w = torch.ones(2, 3, requires_grad=True), torch.ones(3, dtype=torch.float64, requires_grad=True)
    drawing = graph((x.exp() * w).sum(), {"weight": w})
    assert sorted(texts(drawing)) == sorted(
        [("result", "float64 []"), ("op", "SumBackward0"), ("op", "MulBackward0"), ("op", "ExpBackward0"),
         ("leaf", "float32 [2, 3]"), ("parameter", "weight", "float64 [3]")]
    )  # fmt: skip
    assert arrows(drawing) == {
        ("float32 [2, 3]", "ExpBackward0"), ("ExpBackward0", "MulBackward0"), ("weight", "MulBackward0"),
        ("MulBackward0", "SumBackward0"), ("SumBackward0", "float64 []"),
    }  # fmt: skip
    assert drawing._repr_svg_() == drawing.svg
    assert repr(drawing) == "<drawing of 6 boxes and 5 arrows>"


def test_names_of_a_module_or_of_its_parameters():
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    loss = model(torch.ones(2, 3)).sum()
    for params in (model, dict(model.named_parameters()), model.named_parameters()):
        named = {box.lines for box in graph(loss, params).picture.boxes if box.kind == "parameter"}
        assert named == {
            ("0.weight", "float32 [4, 3]"), ("0.bias", "float32 [4]"), ("2.weight", "float32 [1, 4]"),
            ("2.bias", "float32 [1]"),
        }  # fmt: skip


HOSTILE = '</text><script>alert("&\\")</script>\x00\x1b\ud800\n]] label="x'


def test_hostile_names_stay_text(tmp_path):
    x = torch.ones(1, requires_grad=True)
    drawing = graph(x * 2, {HOSTILE: x})
    shown = HOSTILE.translate(dict.fromkeys((0, 0x1B, 0xD800), "\ufffd"))
    assert ("parameter", shown, "float32 [1]") in texts(drawing)
    assert f"<{'script'}" not in drawing.svg
    (line,) = (line for line in drawing.dot.splitlines() if "script" in line)
    quoted = line.split('label="', 1)[1]
    assert quoted.startswith(
        '</text><script>alert(\\"&\\\\\\")</script>\ufffd\ufffd\ufffd\\n]] label=\\"x\\nfloat32 [1]" '
    )
    drawing.save(tmp_path / "graph.svg")
    drawing.save(tmp_path / "graph.dot")
    assert (tmp_path / "graph.svg").read_text(encoding="utf-8") == drawing.svg
    assert (tmp_path / "graph.dot").read_text(encoding="utf-8") == drawing.dot


def test_boxes_do_not_overlap_and_arrows_go_down():
    model = nn.TransformerEncoderLayer(8, 2, 16)
    drawing = graph(model(torch.ones(5, 3, 8)).sum(), model)
    places, width, height = layout(drawing.picture)
    for start, end in drawing.picture.arrows:
        assert places[start].y < places[end].y
    for i, a in enumerate(places):
        assert 0 < a.x - a.width / 2 < a.x + a.width / 2 < width
        assert 0 < a.y - a.height / 2 < a.y + a.height / 2 < height
        for b in places[:i]:
            apart = abs(a.x - b.x) >= (a.width + b.width) / 2 or abs(a.y - b.y) >= (a.height + b.height) / 2
            assert apart, f"{a} and {b}"


def test_deep_graphs_and_shared_leaves():
    x = torch.ones(1, requires_grad=True)
    y = x
    for _ in range(3000):
        y = y * x
    drawing = graph(y)
    assert len(texts(drawing)) == 3002
    assert drawing.dot.count(" -> ") == 6000


def test_custom_functions_and_several_results():
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = torch.ones(2, requires_grad=True)
    y = Double.apply(x)
    drawing = graph([y, y.sin(), x])
    assert [box.kind for box in drawing.picture.boxes].count("result") == 3
    assert ("float32 [2]", "DoubleBackward") in arrows(drawing)


def test_a_drawing_asks_the_worker_nothing(session):
    x = torch.ones(2, requires_grad=True)
    loss = (x * x).sum()
    session.synchronize()
    before = session.stats()
    drawing = graph(loss)
    assert drawing.svg
    cost = session.stats() - before
    assert (cost.round_trips, cost.commands) == (0, 0)


def test_what_has_no_graph_says_so():
    with pytest.raises(RuntimeError, match=r"float32\[1\] does not require grad: no graph led to it"):
        graph(torch.ones(1))
    with pytest.raises(TypeError, match="takes a tensor, or several, got int"):
        graph([3])
