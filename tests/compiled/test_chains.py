"""Chains of element-by-element steps: derived from the kernels, and equal to them to the last bit."""

import ctypes
import random
import shutil
import subprocess

import numpy as np
import pytest
import teletensor as torch
from teletensor.local import LocalSession
from teletensor_core.engine.engine import describe
from teletensor_core.errors import TeletensorError
from teletensor_core.formulas.expressions import Node, NotElementwise, expression, in_order
from teletensor_core.plan import plan_for
from teletensor_core.programs import chains, cuda, fusion
from teletensor_core.registry import OPS

from tests.compiled.conftest import programs
from tests.oracle.cases import cases
from tests.oracle.run import _tensor

SAMPLED = sorted(name for name, op in OPS.items() if op.samples and not (op.mutates or op.dynamic))


@pytest.fixture(params=["native", "numpy"])
def compiler(request, monkeypatch):
    """Chains as machine code where there is a compiler, and as without one."""
    if request.param == "numpy":
        monkeypatch.setattr(chains, "available", lambda: False)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks of a few elements, so that small arrays have several and a rest; chains however short."""
    monkeypatch.setattr(chains, "BLOCK", 5)
    monkeypatch.setattr(fusion, "FEW_STEPS", 0)


def bits(x):
    x = np.ascontiguousarray(x)
    return x.shape, x.dtype, x.tobytes()


def traced(case, session):
    """A case's kernel as a node, with its leaves, their arrays, and what the engine gives; None if it is no chain."""
    op = OPS[case.op.name]
    tensors = [_tensor(x, session) for x in case.operands]
    if any(isinstance(x, (list, tuple)) for x in tensors):
        return None
    values = [x._ref if isinstance(x, torch.Tensor) else x for x in tensors]
    values += [None] * (len(op.operands) - len(values))
    engine = session.engine
    try:
        plan = plan_for(op, tuple({**op.attrs, **case.sample.attrs}.values()), 0, [describe(x) for x in values])
        arrays = engine._arrays(plan, values)
        (expected,) = engine.run(plan, values)
    except (TeletensorError, ValueError):
        return None
    leaves = [Node("leaf", (), x.dtype, x.shape) if isinstance(x, np.ndarray) else x for x in arrays]
    shape = expected.array.shape
    present = [(node, x) for node, x in zip(leaves, arrays, strict=True) if isinstance(node, Node)]
    if not all(x.size == 1 or x.shape == shape for _, x in present):
        return None
    try:
        node = expression(engine.xp, op.kernel, leaves, plan.attrs, shape, expected.array.dtype)
    except NotElementwise:
        return None
    return node, [leaf for leaf, _ in present], [x for _, x in present], expected.array


@pytest.mark.usefixtures("compiler")
def test_chains_are_what_kernels_do():
    session, found = LocalSession(), set()
    with np.errstate(all="ignore"):
        for name in SAMPLED:
            for case in cases(OPS[name]):
                if (made := traced(case, session)) is not None:
                    found.add(name)
                    node, leaves, arrays, wanted = made
                    (out,) = chains.Chain(session.engine.xp, leaves, [node])(*arrays)
                    assert bits(out) == bits(wanted), str(case)
    expected = {"add", "mul", "div", "relu", "sigmoid", "tanh", "exp", "where", "pow", "lt", "gelu", "silu"}
    assert expected <= found
    assert len(found) > 80, sorted(found)
    assert found.isdisjoint({"sum", "matmul", "softmax", "cumsum", "reshape", "view", "dropout", "layer_norm"})


UNARY = (torch.exp, torch.tanh, torch.relu, torch.neg, torch.sigmoid, torch.abs, torch.nn.functional.gelu, torch.erf)
BINARY = (torch.add, torch.mul, torch.sub, torch.maximum, lambda x, y: torch.where(x > y, x, 0), lambda x, y: x * 2 + y)


def steps(seed, inputs):
    """A random function of several inputs: ops, reductions between them, and writes in place."""
    rng = random.Random(seed)
    values = list(inputs)
    for _ in range(rng.randint(4, 14)):
        kind = rng.random()
        x, y = rng.choice(values), rng.choice(values)
        if kind < 0.35:
            values.append(rng.choice(UNARY)(x))
        elif kind < 0.75:
            values.append(rng.choice(BINARY)(x, y))
        elif kind < 0.85:
            values.append(x.mean(-1, keepdim=True) if x.ndim else x + 1)
        else:
            z = x * 0.5
            z.add_(rng.choice((1.0, y.mean())))
            values += [z, z[..., :1] if z.ndim else z]
            if rng.random() < 0.5:
                z.mul_(0.9)
    return values[-3:]


@pytest.mark.usefixtures("compiler")
@pytest.mark.parametrize("seed", range(60))
def test_random_functions(seed):
    torch.manual_seed(seed)
    inputs = [torch.randn(6, 7), torch.randn(6, 1), torch.randn(7), torch.randn(()), torch.randn(6, 7).bfloat16()]
    compiled = torch.compile(lambda *inputs: steps(seed, inputs))
    for _ in range(4):
        outs = compiled(*inputs)
    assert programs(compiled)
    for a, b in zip(outs, steps(seed, inputs), strict=True):
        assert a.dtype is b.dtype
        assert bits(a.float().numpy()) == bits(b.float().numpy())


@pytest.mark.usefixtures("compiler")
@pytest.mark.parametrize("seed", range(20))
def test_gradients_of_random_functions(seed):
    torch.manual_seed(seed)
    inputs = [torch.randn(6, 7, requires_grad=True), torch.randn(6, 1, requires_grad=True), torch.randn(7)]

    def grads():
        total = sum((out.float() ** 2).sum() for out in steps(seed, inputs))
        return torch.autograd.grad(total, inputs[:2], allow_unused=True, materialize_grads=True)

    compiled = torch.compile(grads)
    for _ in range(4):
        found = compiled()
    for a, b in zip(found, grads(), strict=True):
        assert bits(a.numpy()) == bits(b.numpy())


@pytest.mark.usefixtures("compiler")
def test_a_chain_computes_what_is_costly_once():
    def function(x):
        inner = torch.erf(x * 0.5)
        first = (inner + 1).sum()
        return first * (torch.erf(x * 0.5) * x).sum()

    compiled = torch.compile(function)
    x = torch.randn(100, dtype=torch.float64)
    for _ in range(3):
        compiled(x)
    assert programs(compiled)
    assert bits(compiled(x).numpy()) == bits(function(x).numpy())
    assert costly_steps(compiled, x) == 1


@pytest.mark.usefixtures("compiler")
def test_the_gradient_of_gelu_takes_the_distribution_function_from_the_forward_pass():
    def function(x):
        return torch.autograd.grad((torch.nn.functional.gelu(x) ** 2).sum(), x)

    compiled = torch.compile(function)
    x = torch.linspace(-4, 4, 100, dtype=torch.float64).requires_grad_()
    for _ in range(4):
        (found,) = compiled(x)
    assert programs(compiled)
    assert bits(found.numpy()) == bits(function(x)[0].numpy())
    assert costly_steps(compiled, x) == 1


def costly_steps(compiled, *args):
    """How many functions that are no ufuncs the chains of one run have; of float32 they may be taken apart."""
    counted = []
    original = chains.Chain.__call__

    def counting(self, *arrays):
        counted.append(sum("_function" in step.__qualname__ for step in self._steps))
        return original(self, *arrays)

    chains.Chain.__call__ = counting
    try:
        compiled(*args)
    finally:
        chains.Chain.__call__ = original
    return sum(counted)


# -- the source for GPUs, compiled for this machine -------------------------------------------------------------------

_LOOP = """
extern "C" void run{number}(long long count, void** in, void** out, long long* sizes) {{
  for (long long i = 0; i < count; ++i) {{
    {loads}
    {declarations}
    {body}
    {stores}
  }}
}}
"""


def source_of(number, leaves, roots):
    """A chain's CUDA source in a loop of C++."""
    kernel = cuda.kernel_of(leaves, roots)
    types = [cuda._TYPES[node.dtype.name] for node in (*leaves, *roots)]
    count = len(leaves)
    parts = {
        "loads": [f"{t} a{i} = (({t}*)in[{i}])[sizes[{i}] == 1 ? 0 : i];" for i, t in enumerate(types[:count])],
        "declarations": [f"{t} o{i};" for i, t in enumerate(types[count:])],
        "body": [kernel.body],
        "stores": [f"(({t}*)out[{i}])[i] = o{i};" for i, t in enumerate(types[count:])],
    }
    return _LOOP.format(number=number, **{name: "\n".join(lines) for name, lines in parts.items()})


def run_compiled(function, arrays, root):
    out = np.empty(root.shape, root.dtype)
    inputs = (ctypes.c_void_p * len(arrays))(*[x.ctypes.data for x in arrays])
    sizes = (ctypes.c_longlong * len(arrays))(*[x.size for x in arrays])
    function(ctypes.c_longlong(out.size), inputs, (ctypes.c_void_p * 1)(out.ctypes.data), sizes)
    return out


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++, which compiles here what NVRTC compiles on a GPU")
def test_the_source_for_gpus_computes_the_same(tmp_path):
    session, found = LocalSession(), []
    with np.errstate(all="ignore"):
        for name in SAMPLED:
            for case in cases(OPS[name]):
                made = traced(case, session)
                if made is not None and all(map(cuda.supports, in_order([made[0]]))):
                    found.append((case, *made))
    sources = [source_of(i, leaves, [node]) for i, (_, node, leaves, *_) in enumerate(found)]
    file, library = tmp_path / "chains.cpp", tmp_path / "chains.so"
    file.write_text("#include <cmath>\nusing namespace std;\n" + "".join(sources))
    subprocess.run(["g++", "-O1", "-shared", "-fPIC", "-w", "-o", library, file], check=True)
    loaded = ctypes.CDLL(str(library))
    for i, (case, node, _, arrays, wanted) in enumerate(found):
        out = run_compiled(getattr(loaded, f"run{i}"), arrays, node)
        np.testing.assert_allclose(out, wanted, rtol=2e-5, atol=1e-6, err_msg=str(case))
    assert len({case.op.name for case, *_ in found}) > 50
