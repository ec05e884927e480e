"""teletensor's answer to a case, from any session, in the form of PyTorch's."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from teletensor import autograd, dispatch
from teletensor.session import Session
from teletensor.tensor_base import new
from teletensor_core import dtypes
from teletensor_core.errors import TeletensorError, UnsupportedError
from teletensor_core.spec import spec

from tests.oracle.answers import Answer
from tests.oracle.calls import CANONICAL
from tests.oracle.cases import Case, flat


def run(case: Case, session: Session, layout: Any = None) -> Answer:
    """Values, and first and second order gradients; or the error that was raised.

    `layout` changes how an operand lies in memory, given the tensor.
    """
    operands = [_tensor(x, session) for x in case.operands]
    inputs = [x for x, wanted in zip(flat(operands), case.wants_grad, strict=True) if wanted]
    for x in inputs:
        x.requires_grad_(case.op.differentiable)
    if layout is not None:
        operands = [layout(x) for x in operands]
    try:
        outs = _listed(apply(case, operands, session))
    except TeletensorError as error:
        return {"error": type(error).__name__, "message": str(error), "raised": error}
    outs = list(CANONICAL[case.op.name](outs)) if case.op.name in CANONICAL else outs
    answer: Answer = {"out": arrays(outs)}
    if case.op.differentiable and inputs and case.op.vjps:
        _differentiate(case, inputs, outs, answer)
    return answer


def apply(case: Case, operands: Sequence[Any], session: Session) -> Any:
    """The op's result on tensors."""
    op = case.op
    full = (*operands, *[None] * (len(op.operands) - len(operands)))
    attrs = tuple({**op.attrs, **case.sample.attrs}.values())
    lonely = not any(hasattr(x, "_session") for x in flat(operands))
    return dispatch.apply(op, full, attrs, session if lonely else None)


def _differentiate(case: Case, inputs: list[Any], outs: list[Any], answer: Answer) -> None:
    outs = [x for x in outs if x.requires_grad]
    if not outs:
        return
    cotangents = [_cotangent(case, x, f"g{i}") for i, x in enumerate(outs)]
    twice = case.dtype in (dtypes.float64, dtypes.complex128)
    for g in cotangents:
        g.requires_grad_(twice)
    try:
        grads = autograd.grad(outs, inputs, cotangents, create_graph=twice, allow_unused=True)
    except UnsupportedError:
        return
    answer["grads"] = arrays(grads)
    if not twice:
        return
    flows = [(i, g) for i, g in enumerate(grads) if g is not None and g.requires_grad]
    seconds = [_cotangent(case, g, f"gg{i}") for i, g in flows]
    try:
        found = (
            autograd.grad([g for _, g in flows], [*inputs, *cotangents], seconds, allow_unused=True) if flows else []
        )
    except UnsupportedError:
        return
    answer["second"] = arrays(found)


def arrays(tensors: Sequence[Any]) -> list[np.ndarray | None]:
    """The tensors' values, fetched together."""
    there = [x for x in tensors if x is not None]
    values = iter(there[0]._session.read([x._ref for x in there]) if there else [])
    return [None if x is None else np.array(next(values)) for x in tensors]


def _cotangent(case: Case, x: Any, which: str) -> Any:
    return _tensor(case.cotangent(tuple(x.shape), x.dtype, which), x._session)


def _tensor(x: Any, session: Session) -> Any:
    if isinstance(x, list):
        return [_tensor(each, session) for each in x]
    if not isinstance(x, np.ndarray):
        return x
    wanted = spec(x.shape, dtypes.BY_NP[x.dtype])
    return new(session.upload(x, wanted), wanted, session)


def _listed(out: Any) -> list[Any]:
    return list(out) if isinstance(out, (tuple, list)) else [out]
