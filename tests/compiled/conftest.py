"""Compiled functions run in both places: in this process and on a worker."""

import pytest
import teletensor as torch


@pytest.fixture(params=["cpu", "remote"])
def device(request, session):
    """Where tensors are made for the time of the test."""
    with torch.device(request.param):
        yield request.param


def programs(function):
    """The variants of a compiled function that are programs by now."""
    return [v for found in function.variants.values() for v in found if v.replay is not None]


def repeat(function, *args, times=6):
    """The last result of some calls."""
    for _ in range(times):
        result = function(*args)
    return result


def warmed(function, *args, calls=4):
    """The last result of some calls with the same arguments: after those there is a program."""
    for _ in range(calls):
        result = function(*args)
    assert programs(function), "no two recordings agreed"
    return result
