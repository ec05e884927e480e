"""Nobody reads memory that is not a tensor of theirs, whatever sizes and strides they send."""

from __future__ import annotations

import numpy as np
import pytest
import teletensor_core.ops  # noqa: F401  (fills the registry)
from teletensor_core import dtypes

from tests.server.machines import Driver

GEOMETRY = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}


@pytest.fixture
def driver() -> Driver:
    return Driver()


@pytest.mark.parametrize(
    "changed",
    [
        {"shape": (1, 1, 500, 500)},
        {"stride": (500, 500)},
        {"stride": (-1, -1)},
        {"stride": (0, 0)},
        {"dilation": (500, 1)},
        {"dilation": (-3, -3)},
    ],
)
def test_windows_of_a_convolution_stay_inside_its_input(driver: Driver, changed: dict[str, object]) -> None:
    x = driver.upload(np.zeros((1, 1, 4, 4), np.float32))
    g = driver.upload(np.ones((1, 1, 2, 2), np.float32))
    (made,) = driver.call("conv_weight_grad", g, x, **{**GEOMETRY, "shape": (1, 1, 3, 3), **changed})
    assert driver.error(made).code == "shape"


def test_windows_with_more_places_than_there_are(driver: Driver) -> None:
    x = driver.upload(np.zeros((1, 1, 4, 4), np.float32))
    g = driver.upload(np.ones((1, 1, 300, 300), np.float32))
    (made,) = driver.call("conv_weight_grad", g, x, **GEOMETRY, shape=(1, 1, 3, 3))
    assert driver.error(made).code == "shape"


@pytest.mark.parametrize("kernel", [(0, 0), (2, 0)])
def test_a_kernel_has_at_least_one_place(driver: Driver, kernel: tuple[int, int]) -> None:
    x = driver.upload(np.zeros((1, 2, 4, 4), np.float32))
    weight = driver.upload(np.zeros((2, 1, *kernel), np.float32))
    (made,) = driver.call("conv", x, weight, **{**GEOMETRY, "groups": 2})
    assert driver.error(made).code == "shape"


@pytest.mark.parametrize("size", [-1, -5, 9, 1 << 62])
def test_windows_of_unfold_stay_inside(driver: Driver, size: int) -> None:
    (made,) = driver.call("unfold", driver.upload(np.zeros(4, np.float32)), dimension=0, size=size, step=1)
    assert driver.error(made).code == "shape"


def test_empty_gives_away_nothing_that_others_have_left(driver: Driver) -> None:
    for _ in range(20):
        secret = driver.upload(np.full(5_000, 7.0, np.float32))
        driver.feed((1, 1, secret))
        (made,) = driver.call("empty", shape=(5_000,), dtype=dtypes.float32)
        assert not driver.value(made).any()
