"""Backwards in parts at a machine: one walk with Python in between, its limits, and its errors."""

from __future__ import annotations

import numpy as np
import pytest
from teletensor_core.engine import Backward
from teletensor_core.plan import GRAD
from teletensor_protos import codec

from tests.server.machines import Driver, Number

NUMBER, WHOLE, RESULT = 7, 91, 92


@pytest.fixture
def driver() -> Driver:
    return Driver()


class Graph:
    """loss = sum(h * f(h)) of h = 2 x, where f is the client's: its result is the leaf."""

    def __init__(self, driver: Driver) -> None:
        self.x = driver.upload(np.array([1.0, 2.0], "float32"))
        driver.feed((codec.REQUIRE_GRAD, self.x, 1))
        (self.h,) = driver.call("mul", self.x, Number(2.0), flags=GRAD)
        self.leaf = driver.upload(np.array([3.0, 5.0], "float32"))
        driver.feed((codec.REQUIRE_GRAD, self.leaf, 1))
        (product,) = driver.call("mul", self.h, self.leaf, flags=GRAD)
        (self.loss,) = driver.call("sum", product, flags=GRAD, dim=None, keepdim=False)


def part(
    roots: list[int], grads: list[int], targets: dict[int, int], goals: list[int], until: int, number: int = NUMBER
):
    """A BACKWARD row; `targets` are given with the handles of their gradients."""
    flags = codec.IN_PARTS | codec.ONLY_TARGETS
    lists = [word for each in (roots, grads, list(targets)) for word in (len(each), *each)]
    return (codec.BACKWARD, 0, flags, 0, *lists, *targets.values(), number, until, len(goals), *goals)


def first(graph: Graph, number: int = NUMBER) -> tuple[int, ...]:
    return part([graph.loss], [0], {graph.leaf: RESULT}, [graph.x, graph.leaf], graph.leaf, number)


def test_a_walk_goes_on_with_what_python_gave(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    graph, run = Graph(driver), []
    monkeypatch.setattr(
        Backward,
        "_differentiate",
        lambda self, node, outs, f=Backward._differentiate: (run.append(node), f(self, node, outs)),
    )
    driver.feed(first(graph))
    np.testing.assert_array_equal(driver.value(RESULT), [2, 4])
    assert driver.machine.table.aside == 8, "the gradient of h waits"
    assert len(run) == 2
    driver.feed(part([graph.h], [RESULT], {graph.x: WHOLE}, [], 0))
    np.testing.assert_array_equal(driver.value(WHOLE), [2 * (3 + 2), 2 * (5 + 4)])
    assert len(run) == 3, "each node has run once"
    assert len(driver.machine.parts) == driver.machine.table.aside == 0


def test_an_abandoned_walk_is_forgotten(driver: Driver) -> None:
    graph = Graph(driver)
    driver.feed(first(graph))
    driver.feed((codec.BACKWARD, 0, codec.IN_PARTS | codec.ABANDON, 0, 0, 0, 0, NUMBER, 0, 0))
    assert len(driver.machine.parts) == driver.machine.table.aside == 0
    assert driver.sync() is None


def test_after_a_part_that_failed_the_others_fail(driver: Driver) -> None:
    graph = Graph(driver)
    driver.feed(part([graph.loss], [99], {graph.leaf: RESULT}, [graph.x, graph.leaf], graph.leaf))
    driver.feed(part([graph.h], [graph.leaf], {graph.x: WHOLE}, [], 0))
    assert "handle 99" in driver.error(RESULT).message
    assert "handle 99" in driver.error(WHOLE).message
    assert len(driver.machine.parts) == driver.machine.table.aside == 0


def test_so_many_walks_may_have_begun_and_no_more(driver: Driver) -> None:
    for number in range(16):
        driver.feed(first(Graph(driver), number))
        assert driver.sync() is None
    driver.feed(first(Graph(driver), 16))
    assert driver.error(RESULT).code == "quota_exceeded"
    assert len(driver.machine.parts) == 16 + 1, "that it failed is known until it ends"
