"""Runs the same expression on teletensor and on PyTorch (live or recorded) and compares what comes out."""

import zlib

import numpy as np
import teletensor as tt

from tests.replay import LIVE, ask, assert_alike, attempt, plain, torch

# Tests that state what holds in both libraries run on both where PyTorch is installed.
SIDES = [(tt, tt.nn), (torch, torch.nn)] if LIVE else [(tt, tt.nn)]
NAMES = ["ours", "theirs"][: len(SIDES)]


def array(*shape, seed=0, low=-2.0, high=2.0):
    """Float32 numbers that are the same in every run."""
    return np.random.RandomState(seed).uniform(low, high, shape).astype(np.float32)


def integers(*shape, high, low=0, seed=0):
    return np.random.RandomState(seed).randint(low, high, shape, dtype=np.int64)


def tensors(library, values, requires_grad=False):
    """NumPy arrays as tensors of `library`; floating point ones may require a gradient."""
    return [_tensor(library, value, requires_grad) for value in values]


def _tensor(library, value, requires_grad):
    if not isinstance(value, np.ndarray):
        return value
    made = library.tensor(value)
    return made.requires_grad_() if requires_grad and value.dtype.kind == "f" else made


def drawn(library, make):
    """`make(library.nn)`, with parameters that depend on nothing but their names and shapes."""
    module = make(library.nn)
    for name, parameter in module.named_parameters():
        parameter.data = library.tensor(array(*parameter.shape, seed=zlib.crc32(name.encode()), low=-0.5, high=0.5))
    return module


def assert_close(a, b, tolerance=2e-5):
    """Two results, of either library, agree."""
    assert_alike(plain(a), plain(b), tolerance)


def assert_same(run, *inputs, tolerance=2e-5):
    """`run(library, *tensors)` and the gradients of its first result agree in both libraries."""
    assert_same_script(_with_gradients, run, inputs, tolerance=tolerance)


def assert_same_layer(make, *inputs, tolerance=2e-5, evaluate=False):
    """Output, input gradients, parameter gradients and buffers of a layer agree."""
    assert_same_script(_run_layer, make, inputs, evaluate, tolerance=tolerance)


def assert_same_script(script, *args, tolerance=2e-5):
    """`script(library, *args)` gives the same in both libraries."""
    theirs = ask(script, *args)
    assert_alike(plain(script(tt, *args)), theirs, tolerance)


def assert_same_error(run):
    """`run(library, nn, F)` raises, in both libraries, errors of one kind with one message."""
    theirs = ask(_attempted, run)
    assert "error" in (theirs or {}), f"PyTorch raised nothing, but gave {theirs}"
    ours = _attempted(tt, run)
    assert isinstance(ours, Exception), f"raised nothing, PyTorch {theirs}"
    assert_alike(plain(ours), theirs)


def _attempted(library, run):
    return attempt(lambda: run(library, library.nn, library.nn.functional) and None)


def _run_layer(library, make, inputs, evaluate):
    layer = drawn(library, make)
    if evaluate:
        layer.eval()
    given = tensors(library, inputs, requires_grad=True)
    output = layer(*given)
    _pull_back(library, output)
    return [output, _grads(given), _grads(layer.parameters()), list(layer.buffers())]


def _with_gradients(library, run, inputs):
    given = tensors(library, inputs, requires_grad=True)
    output = run(library, *given)
    _pull_back(library, output)
    return [output, _grads(given)]


def _grads(tensors):
    return [x.grad for x in tensors if getattr(x, "requires_grad", False)]


def _pull_back(library, output):
    """Backward with a cotangent in which no two elements are alike."""
    first = output[0] if isinstance(output, (tuple, list)) else output
    if not first.requires_grad:
        return
    cotangent = np.linspace(-1, 1, first.numel(), dtype=np.float32).reshape(tuple(first.shape)) + 0.1
    first.backward(library.tensor(cotangent).to(first.dtype))
