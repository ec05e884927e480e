"""Ops do not care how their operands lie in memory, and what a rule says of a result is what the engine holds."""

import numpy as np
import pytest
from teletensor import no_grad, stack
from teletensor.local import LocalSession
from teletensor.tensor import Tensor
from teletensor_core.dtypes import BY_NP, bfloat16, complex64, float32, int64
from teletensor_core.errors import TeletensorError
from teletensor_core.registry import OPS

from tests.oracle.cases import cases
from tests.oracle.compare import assert_close
from tests.oracle.run import _listed, _tensor, apply, run

SAMPLED = sorted(name for name, op in OPS.items() if op.samples)


def strided(x):
    """The same tensor, not dense: transposed in memory, or every second element."""
    if isinstance(x, list):
        return [strided(each) for each in x]
    if not isinstance(x, Tensor) or x.ndim == 0:
        return x
    if x.ndim == 1:
        return stack([x, x], 1)[:, 0]
    return x.transpose(0, -1).contiguous().transpose(0, -1)


def chosen(name):
    """The cases in one dtype of each kind."""
    kinds = (None, int64, float32, complex64, bfloat16)
    return [case for case in cases(OPS[name]) if case.dtype in kinds]


@pytest.mark.parametrize(
    "name", [name for name in SAMPLED if name not in ("view", "view_as_complex", "view_dtype", "empty", "as_strided")]
)
def test_strided_operands_give_the_same(name):
    session = LocalSession()
    for case in chosen(name):
        dense, spread = run(case, session), run(case, session, strided)
        assert dense.get("error") == spread.get("error"), f"{case}: {spread.get('message')}"
        for part in ("out", "grads", "second"):
            if part in dense:
                assert_close(f"{case} {part}", spread[part], dense[part], wider=10)


@pytest.mark.parametrize("name", [name for name in SAMPLED if OPS[name].view])
def test_views_have_their_inputs_memory(name):
    """Also where a result is one element of a vector, for which NumPy's indexing gives a copy."""
    session = LocalSession()
    for case in cases(OPS[name]):
        operands = [_tensor(x, session) for x in case.operands]
        source = operands[0]._ref.array
        try:
            with no_grad():
                outs = _listed(apply(case, operands, session))
        except TeletensorError:
            continue
        assert all(not out.numel() or np.shares_memory(out._ref.array, source) for out in outs), case


@pytest.mark.parametrize("name", SAMPLED)
def test_rule_is_run_time(name):
    """Shape, dtype and strides that the client inferred are those of the array that the engine made."""
    session, layouts = LocalSession(), (lambda x: x, strided)
    for case in cases(OPS[name]):
        for layout in layouts:
            operands = [layout(_tensor(x, session)) for x in case.operands]
            try:
                with no_grad():
                    outs = _listed(apply(case, operands, session))
            except TeletensorError:
                continue
            for x in outs:
                array = x._ref.array
                assert type(array) is np.ndarray, f"{case}: {type(array)}"
                assert array.shape == x._spec.shape, f"{case}: shape {array.shape}, the rule said {x._spec}"
                assert BY_NP[array.dtype] is x.dtype, f"{case}: dtype {array.dtype}, the rule said {x._spec}"
                if x.numel() > 1:
                    _assert_strides(case, array, x._spec)


def _assert_strides(case, array, spec):
    found = [s // array.itemsize for s, n in zip(array.strides, array.shape, strict=True) if n > 1]
    said = [s for s, n in zip(spec.strides, spec.shape, strict=True) if n > 1]
    assert found == said, f"{case}: strides {found}, the rule said {said} for {spec}"
