"""Rows of ops on two tensors: the short way gives what the long way gave, and stops where it must."""

import numpy as np
import pytest
from teletensor_core.dtypes import float32
from teletensor_core.engine.direct import direct
from teletensor_core.errors import MalformedRequestError
from teletensor_core.plan import make_plan
from teletensor_core.registry import OPS
from teletensor_core.spec import spec
from teletensor_protos import codec
from teletensor_server.info import SessionLimits

from tests.server.machines import Driver


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "int64", "bool", "complex64"])
@pytest.mark.parametrize("op", ["add", "mul", "maximum", "eq", "matmul"])
@pytest.mark.parametrize("shapes", [((3, 3), (3, 3)), ((3, 3), (3,)), ((2, 1, 3), (3, 3)), ((3,), (3,)), ((1,), (1,))])
def test_the_second_run_gives_what_the_first_gave(op, dtype, shapes):
    driver = Driver()
    rng = np.random.default_rng(0)
    x, y = (driver.upload((5 * rng.standard_normal(shape)).astype(dtype)) for shape in shapes)
    signature = driver.define(op, (), ("t", "t"))
    results = []
    for _ in range(3):
        driver.handle += 1
        driver.feed((signature, 1, driver.handle, x, y))
        (found,) = driver.read(driver.handle)
        results.append(found)
    if isinstance(results[0], np.ndarray):
        assert all(r.dtype == results[0].dtype and r.tobytes() == results[0].tobytes() for r in results)
        assert driver.machine.signatures.by_number[signature].pairs
    else:
        assert {r.code for r in results} == {results[0].code}


def found(op, *shapes):
    """What `direct` finds for float32 operands of these shapes."""
    specs = [spec(shape, float32) for shape in shapes]
    return direct(make_plan(OPS[op], {}, 0, specs), specs, np)


def test_only_a_kernel_that_is_one_function_is_called_directly():
    assert found("add", (2, 3), (2, 3)) is np.add
    assert found("mul", (2, 3), (3,)) is np.multiply
    assert found("matmul", (2, 3), (3, 2)) is None
    # NumPy would give scalars that are no arrays.
    assert found("add", (), ()) is None


def test_views_that_are_not_dense_go_the_long_way():
    driver = Driver()
    x = driver.upload(np.arange(6, dtype="float32").reshape(2, 3))
    (turned,) = driver.call("transpose", x, dim0=0, dim1=1)
    for _ in range(3):
        (total,) = driver.call("add", turned, turned)
        assert driver.value(total).tolist() == [[0, 6], [2, 8], [4, 10]]


def test_a_limit_holds_within_a_run_of_pairs():
    driver = Driver(SessionLimits(session_bytes=1 << 20, tensors=5))
    x = driver.upload(np.ones(4, "float32"))
    add = driver.define("add", (), ("t", "t"))
    driver.feed([word for i in range(6) for word in (add, 1, 10 + i, x, x)])
    assert driver.value(13).tolist() == [2, 2, 2, 2]
    assert driver.error(14).code == "quota_exceeded"
    driver.feed((codec.RELEASE, 4, 10, 11, 14, 15))
    driver.feed((add, 1, 30, x, x))
    assert driver.value(30).tolist() == [2, 2, 2, 2]


def test_releases_between_pairs_free_at_once():
    driver = Driver()
    x = driver.upload(np.ones(4, "float32"))
    add = driver.define("add", (), ("t", "t"))
    driver.feed((add, 1, 10, x, x, add, 1, 11, 10, x, codec.RELEASE, 1, 10, add, 1, 12, 11, x, add, 1, 13, 10, x))
    assert driver.value(12).tolist() == [4, 4, 4, 4]
    assert driver.error(13).code == "tensor_not_found"
    assert set(driver.machine.table) == {x, 11, 12, 13}


@pytest.mark.parametrize("row", [(codec.RELEASE,), (codec.RELEASE, 5, 1), (codec.RELEASE, -1)])
def test_a_release_of_bad_form_ends_the_stream(row):
    with pytest.raises(MalformedRequestError):
        Driver().feed(row)
