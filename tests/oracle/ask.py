"""PyTorch's own answer to a case. The only module of the op tests that needs PyTorch."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from teletensor_core import dtypes
from teletensor_core.dtypes import DType

from tests.oracle.answers import Answer
from tests.oracle.calls import CANONICAL, call
from tests.oracle.cases import Case, flat

VERSION = "2.13.0"
_OURS = frozenset(getattr(torch, dtype.name) for dtype in dtypes.ALL)


def ask(case: Case) -> Answer:
    """Values, and first and second order gradients where PyTorch has them; or the error that it raises."""
    operands = [_tensor(x) for x in case.operands]
    inputs = [x for x, wanted in zip(flat(operands), case.wants_grad, strict=True) if wanted]
    for x in inputs:
        x.requires_grad_(case.op.differentiable)
    attrs = {name: _dtype(v) if isinstance(v, DType) else v for name, v in case.sample.attrs.items()}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            outs = _listed(call(case.op)(torch, *operands, **attrs))
    except (RuntimeError, IndexError, ValueError, TypeError, NotImplementedError) as error:
        return {"error": type(error).__name__, "message": str(error).splitlines()[0]}
    if any(x.dtype not in _OURS for x in outs):
        return {"error": "NotImplementedError", "message": f"not implemented for {[str(x.dtype) for x in outs]} here"}
    outs = list(CANONICAL[case.op.name](outs)) if case.op.name in CANONICAL else outs
    answer: Answer = {"out": [array(x) for x in outs]}
    if case.op.differentiable and inputs:
        _differentiate(case, inputs, outs, answer)
    return answer


def _differentiate(case: Case, inputs: list[Any], outs: list[Any], answer: Answer) -> None:
    outs = [x for x in outs if x.requires_grad]
    if not outs:
        return
    cotangents = [_cotangent(case, x, f"g{i}") for i, x in enumerate(outs)]
    twice = case.dtype in (dtypes.float64, dtypes.complex128)
    for g in cotangents:
        g.requires_grad_(twice)
    try:
        grads = torch.autograd.grad(outs, inputs, cotangents, create_graph=twice, allow_unused=True)
    except (RuntimeError, NotImplementedError):
        return
    answer["grads"] = [array(g) for g in grads]
    if twice:
        _second(case, [*inputs, *cotangents], grads, answer)


def _second(case: Case, inputs: list[Any], grads: Sequence[Any], answer: Answer) -> None:
    flows = [(i, g) for i, g in enumerate(grads) if g is not None and g.requires_grad]
    if not flows:
        return
    cotangents = [_cotangent(case, g, f"gg{i}") for i, g in flows]
    try:
        second = torch.autograd.grad([g for _, g in flows], inputs, cotangents, allow_unused=True)
    except (RuntimeError, NotImplementedError):
        return
    answer["second"] = [array(g) for g in second]


def _cotangent(case: Case, x: Any, which: str) -> Any:
    return _tensor(case.cotangent(tuple(x.shape), dtypes.BY_NAME[str(x.dtype)[6:]], which))


def _listed(out: Any) -> list[Any]:
    return list(out) if isinstance(out, (tuple, list)) else [out]


def _tensor(x: Any) -> Any:
    if isinstance(x, list):
        return [_tensor(each) for each in x]
    if not isinstance(x, np.ndarray):
        return x
    kind = dtypes.BY_NP[x.dtype]
    if kind is dtypes.bfloat16:
        return torch.from_numpy(x.view(np.int16).copy()).view(torch.bfloat16)
    return torch.from_numpy(x.copy())


def array(x: Any) -> np.ndarray | None:
    """A tensor's values as an array of the same dtype."""
    if x is None:
        return None
    x = x.detach().resolve_conj().resolve_neg().contiguous()
    x = x.clone() if x._is_zerotensor() else x
    if x.dtype is torch.bfloat16:
        return x.view(torch.int16).numpy().view(dtypes.bfloat16.np)
    return x.numpy()


def _dtype(dtype: DType) -> Any:
    return getattr(torch, dtype.name)
