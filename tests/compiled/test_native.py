"""Formulas as machine code: equal to NumPy's functions to the last bit, and refused where they would not be."""

import os
import random
import subprocess
import sys

import numpy as np
import pytest
from teletensor_core.backends.numpy import NumPyNamespace
from teletensor_core.formulas import inplace, native
from teletensor_core.formulas.expressions import Node, Symbol, SymbolicNamespace, apply
from teletensor_core.formulas.llvm import Parameter, loop, supports
from teletensor_core.kernels import optimizers
from teletensor_core.programs.chains import Chain

XP = NumPyNamespace()
SPECIAL = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-40, -1e-40, 3.4e38, 1e-30, 2.5, -2.5, 0.5, 7.0, 1.1]
UNARY = [
    "negative",
    "absolute",
    "square",
    "sqrt",
    "reciprocal",
    "floor",
    "ceil",
    "trunc",
    "rint",
    "isnan",
    "logical_not",
]
BINARY = ["add", "subtract", "multiply", "divide", "maximum", "minimum", "copysign", "logical_and", "logical_or"]
COMPARING = ["less", "less_equal", "greater", "greater_equal", "equal", "not_equal"]
INTEGER = ["add", "subtract", "multiply", "maximum", "minimum", "bitwise_and", "bitwise_or", "bitwise_xor", *COMPARING]
DTYPES = ["bool", "int8", "uint8", "int16", "int32", "int64", "float32", "float64"]

pytestmark = pytest.mark.skipif(not native.available(), reason="llvmlite is not installed, or turned off")


def values(dtype, count=67):
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        rest = np.random.RandomState(3).standard_normal(count - len(SPECIAL))
        with np.errstate(all="ignore"):
            return np.concatenate([SPECIAL, rest]).astype(dtype)
    if dtype.kind == "b":
        return np.arange(count) % 3 == 0
    ends = [np.iinfo(dtype).min, np.iinfo(dtype).max, 0, 1]
    rest = np.random.RandomState(4).randint(0, 100, count - 4)
    return np.concatenate([np.array(ends, dtype), rest.astype(dtype)])


def bits(x):
    x = np.ascontiguousarray(x)
    if x.dtype.kind == "f":
        # Which of the numbers that are none it is, nobody promises.
        x = np.where(np.isnan(x), x.dtype.type(np.nan), x)
    return x.shape, x.dtype, x.tobytes()


def leaf(x):
    return Node("leaf", (), x.dtype, x.shape)


def alone(node, *arrays):
    """One step as a loop of its own, of leaves in the order of the arrays."""
    assert supports(node)
    parameters = [Parameter(x.dtype, True, True, read=x) for x in node.operands if isinstance(x, Node)]
    out = np.empty(node.shape, node.dtype)
    native.compiled([*parameters, Parameter(node.dtype, True, True, written=node)], [node])(1, out.size, *arrays, out)
    return out


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*UNARY, *BINARY, *COMPARING])
def test_steps_on_floating_numbers(name, dtype):
    a = values(dtype)
    b = a[::-1].copy()
    for second in [b] if name in UNARY else [b, a.copy(), 0.0, -2.5, np.inf]:
        arrays = [a] if name in UNARY else [a, second]
        symbols = [Symbol(leaf(x)) if isinstance(x, np.ndarray) else x for x in arrays]
        made = alone(apply(name, symbols).node, *[x for x in arrays if isinstance(x, np.ndarray)])
        assert bits(made) == bits(getattr(np, name)(*arrays))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", DTYPES[1:6])
@pytest.mark.parametrize("name", INTEGER)
def test_steps_on_whole_numbers(name, dtype):
    a = values(dtype)
    b = a[::-1].copy()
    for second in [b, 3]:
        symbols = [Symbol(leaf(a)), Symbol(leaf(b)) if second is b else second]
        made = alone(apply(name, symbols).node, *([a, b] if second is b else [a]))
        assert bits(made) == bits(getattr(np, name)(a, second))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("have", DTYPES)
@pytest.mark.parametrize("wanted", DTYPES)
def test_casts(have, wanted):
    x = values(have)
    node = Node("cast", (leaf(x),), np.dtype(wanted), x.shape)
    if np.dtype(have).kind == "f" and np.dtype(wanted).kind in "iu":
        # C leaves open what becomes of numbers that do not fit.
        assert not supports(node)
    else:
        assert bits(alone(node, x)) == bits(x.astype(wanted))


@pytest.mark.parametrize(
    "node",
    [
        Node("exp", (leaf(np.ones(2)),), np.dtype(float), (2,)),
        Node("power", (leaf(np.ones(2)), 2.0), np.dtype(float), (2,)),
        Node("add", (leaf(np.ones(2, np.float16)), 1.0), np.dtype(np.float16), (2,)),
        Node("add", (leaf(np.ones(2, np.complex64)), 1.0), np.dtype(np.complex64), (2,)),
        Node("add", (leaf(np.ones(2)), 1j), np.dtype(float), (2,)),
        Node("less", (leaf(np.ones(2, np.int8)), 1000), np.dtype(bool), (2,)),
        Node("less", (leaf(np.ones(2, np.int64)), leaf(np.ones(2, np.uint64))), np.dtype(bool), (2,)),
        Node("add", (leaf(np.ones(2, bool)), leaf(np.ones(2, bool))), np.dtype(bool), (2,)),
    ],
    ids=lambda node: node.name,
)
def test_steps_that_are_left_to_numpy(node):
    assert not supports(node)


@pytest.mark.parametrize("seed", range(20))
def test_chains_of_arrays_that_are_broadcast(seed):
    """Rows, columns and single elements, of shapes with and without a remainder, and none."""
    choose = random.Random(seed)
    rows, columns = choose.choice([(3, 5), (1, 64), (33, 17), (2, 1), (7, 128), (0, 4)])
    shapes = [(rows, columns), (rows, 1), (columns,), (1, columns), (1,), ()]
    make = np.random.RandomState(seed)
    arrays = [
        make.standard_normal(shape).astype(np.float32) for shape in [(rows, columns), *choose.choices(shapes, k=3)]
    ]
    leaves = [leaf(x) for x in arrays]

    def formula(xp, a, b, c, d):
        first = xp.maximum(a * b + c, d) - 0.5
        return xp.where(first > a, first / (xp.absolute(a) + 1), xp.sqrt(xp.absolute(first * b)))

    root = formula(SymbolicNamespace(type(XP), XP.common), *map(Symbol, leaves)).node
    (found,) = Chain(XP, leaves, [root])(*arrays)
    with np.errstate(all="ignore"):
        assert bits(found) == bits(formula(np, *arrays))


def test_arrays_of_another_layout_are_copied_first():
    a = np.arange(35, dtype=np.float32).reshape(5, 7)
    node = apply("add", [Symbol(leaf(a)), 1.0]).node
    other = apply("multiply", [Symbol(node), Symbol(node)]).node
    (leaf_node,) = [x for x in node.operands if isinstance(x, Node)]
    chain = Chain(XP, [leaf_node], [other])
    for array in (a, np.asfortranarray(a), np.pad(a, 1)[1:-1, 1:-1], a.astype(">f4")):
        assert bits(chain(array)[0]) == bits((a + 1) * (a + 1))


def state(count, dtype, seed=0):
    make = np.random.RandomState(seed)
    p, d, m = (make.standard_normal(count).astype(dtype) for _ in range(3))
    v, most = (make.standard_normal(count).astype(dtype) ** 2 for _ in range(2))
    return p, d, m, v, most


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("amsgrad", [False, True])
@pytest.mark.parametrize("shrink", [None, 0.99])
@pytest.mark.parametrize("count", [300, 4099])
def test_adam_in_one_pass(dtype, amsgrad, shrink, count):
    ours, numpys = state(count, dtype), state(count, dtype)
    for step in range(1, 4):
        numbers = (*optimizers.adam_numbers(0.9, 0.999, 1e-8, 0.01 / (1 - 0.9**step), (1 - 0.999**step) ** 0.5), shrink)
        arrays = [(*x[:4], x[4] if amsgrad else None) for x in (ours, numpys)]
        assert inplace.run(XP, optimizers.adam, arrays[0], numbers, written=(0, 2, 3, 4))
        optimizers.adam(XP, *arrays[1], *numbers)
        assert [bits(x) for x in ours] == [bits(x) for x in numpys]


def test_what_no_loop_is_made_for_is_left_alone():
    numbers = (0.1, 0.9, 0.1, 1e-8, 0.1, None)
    halves = state(300, np.float16)
    before = [x.copy() for x in halves]
    assert not inplace.run(XP, optimizers.adam, (*halves[:4], None), numbers, written=(0, 2, 3, 4))
    gaps = [x[::2] for x in state(900, np.float32)]
    assert not inplace.run(XP, optimizers.adam, (*gaps[:4], None), numbers, written=(0, 2, 3, 4))
    assert [bits(x) for x in halves] == [bits(x) for x in before]


def test_arrays_that_share_memory_are_left_to_numpy():
    """A gradient that is the parameter itself, or lies across it: each step sees what the one before wrote."""
    numbers = (0.1, 0.9, 0.1, 1e-8, 0.1, 0.5)
    memory = state(700, np.float32)[0]
    _, _, m, v, _ = state(600, np.float32)
    for p, d in [(memory[:600], memory[:600]), (memory[:600], memory[100:])]:
        assert not inplace.run(XP, optimizers.adam, (p, d, m, v, None), numbers, written=(0, 2, 3, 4))


def test_the_same_source_is_compiled_once():
    def kernel():
        x = leaf(np.empty(2, np.float32))
        node = apply("add", [Symbol(x), 42.0]).node
        parameters = [Parameter(x.dtype, True, True, read=x), Parameter(x.dtype, True, True, written=node)]
        return loop(parameters, [node]), native.compiled(parameters, [node])

    (first, a), (second, b) = kernel(), kernel()
    assert first == second
    assert a is b


def test_it_can_be_turned_off():
    program = "from teletensor_core.formulas.native import available; print(available())"
    for value, expected in [("0", "False"), ("1", "True")]:
        environment = {**os.environ, "TELETENSOR_NATIVE": value}
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, env=environment, timeout=60
        )
        assert done.stdout.strip() == expected, done.stderr


def test_a_worker_that_compiles_nothing_does_not_load_the_compiler():
    program = (
        "import sys, teletensor as tt; tt.ones(3).add(1).sum().item(); "
        "print(sorted(name for name in sys.modules if name.startswith('llvmlite')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr
