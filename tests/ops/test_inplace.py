"""`name_` writes what `name` returns, cast to the first operand's dtype, with the same gradients; or refuses to."""

import numpy as np
import pytest
from teletensor import autograd, dispatch
from teletensor.local import LocalSession
from teletensor_core.dtypes import FLOAT
from teletensor_core.errors import TeletensorError
from teletensor_core.registry import OPS

from tests.oracle.cases import cases, flat
from tests.oracle.compare import assert_close
from tests.oracle.run import _cotangent, _listed, _tensor, apply, arrays

INPLACE = sorted(name for name, op in OPS.items() if op.inplace)
REFUSALS = (
    "can't be cast",
    "not supported for complex tensors",
    "doesn't match the broadcast shape",
    "in-place operation",
)


def fresh(case, session):
    """The operands, the leaves among them, and the operands with a copy of the first to write into."""
    operands = [_tensor(x, session) for x in case.operands]
    leaves = [x for x, wanted in zip(flat(operands), case.wants_grad, strict=True) if wanted]
    for x in leaves:
        x.requires_grad_(case.op.differentiable)
    target = operands[0].clone()
    return leaves, [target, *operands[1:]]


def write(case, operands):
    op = case.op
    full = (*operands, *[None] * (len(op.operands) - len(operands)))
    return dispatch.apply_inplace(op, full, tuple({**op.attrs, **case.sample.attrs}.values()))


@pytest.mark.parametrize("name", INPLACE)
def test_writes_what_the_op_returns(name):
    session, written = LocalSession(), 0
    for case in cases(OPS[name]):
        if not isinstance(case.operands[0], np.ndarray):
            continue
        leaves, operands = fresh(case, session)
        try:
            (wanted,) = _listed(apply(case, operands, session))
        except TeletensorError as error:
            with pytest.raises(type(error)):
                write(case, operands)
            continue
        target, before = operands[0], operands[0]._version
        fits = wanted.shape == target.shape and wanted.dtype.category <= target.dtype.category
        fits = fits and not (case.op.differentiable and target.is_complex() and not wanted.is_complex())
        if not fits:
            with pytest.raises(TeletensorError, match="|".join(REFUSALS)):
                write(case, operands)
            continue
        expected = gradients(case, wanted.to(target.dtype), leaves)
        found = write(case, operands)
        assert found is target, f"{case}: returns another tensor"
        assert target._version == before + 1
        assert_close(str(case), arrays([target]), arrays([wanted.to(target.dtype)]))
        assert_close(f"{case} gradients", gradients(case, target, leaves), expected)
        written += 1
    assert written, f"no case of {name} could be written in place"


def gradients(case, out, leaves):
    if not leaves or not out.requires_grad or out.dtype.category < FLOAT:
        return []
    return arrays(autograd.grad(out, leaves, _cotangent(case, out, "g"), allow_unused=True, retain_graph=True))
