"""Runs the same expression on teletensor and on PyTorch and compares what comes out."""

import numpy as np
import pytest
import teletensor as tt
from teletensor import nn
from teletensor.nn import functional as F

torch = pytest.importorskip("torch")

OURS = (tt, nn, F)
THEIRS = (torch, torch.nn, torch.nn.functional)


def array(*shape, seed=0, low=-2.0, high=2.0):
    """Float32 numbers that are the same in every run."""
    return np.random.default_rng(seed).uniform(low, high, shape).astype(np.float32)


def integers(*shape, high, low=0, seed=0):
    return np.random.default_rng(seed).integers(low, high, shape)


def tensors(library, values, requires_grad=False):
    """NumPy arrays as tensors of `library`; floating point ones may require a gradient."""
    return [_tensor(library, value, requires_grad) for value in values]


def _tensor(library, value, requires_grad):
    if not isinstance(value, np.ndarray):
        return value
    made = library.tensor(value)
    return made.requires_grad_() if requires_grad and value.dtype.kind == "f" else made


def values(result):
    """Every tensor in a result, as NumPy arrays."""
    if result is None:
        return []
    if isinstance(result, (tuple, list)):
        return [each for part in result for each in values(part)]
    return [np.asarray(result.detach().numpy())]


def twins(make, seed=0):
    """`make(nn)` in both libraries, with PyTorch's initial weights in both."""
    torch.manual_seed(seed)
    theirs = make(torch.nn)
    ours = make(nn)
    ours.load_state_dict({name: tt.tensor(value.numpy()) for name, value in theirs.state_dict().items()})
    return ours, theirs


def assert_close(ours, theirs, tolerance=2e-5):
    found, expected = values(ours), values(theirs)
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def assert_same(run, *inputs, tolerance=2e-5):
    """`run(library, *tensors)` and the gradients of its first result agree in both libraries."""
    assert_close(*(_with_gradients(side, run, inputs) for side in (tt, torch)), tolerance)


def assert_same_layer(make, *inputs, tolerance=2e-5, evaluate=False):
    """Output, input gradients, parameter gradients and buffers of a layer agree."""
    for layer, library in zip(pair := twins(make), (tt, torch), strict=True):
        if evaluate:
            layer.eval()
        given = tensors(library, inputs, requires_grad=True)
        output = layer(*given)
        _pull_back(library, output)
        layer.seen = [output, [x.grad for x in given if getattr(x, "requires_grad", False)]]
    ours, theirs = pair
    assert_close(ours.seen, theirs.seen, tolerance)
    assert_close([p.grad for p in ours.parameters()], [p.grad for p in theirs.parameters()], tolerance)
    assert_close(list(ours.buffers()), list(theirs.buffers()), tolerance)


def _with_gradients(library, run, inputs):
    given = tensors(library, inputs, requires_grad=True)
    output = run(library, *given)
    _pull_back(library, output)
    return [output, [x.grad for x in given if getattr(x, "requires_grad", False)]]


def _pull_back(library, output):
    """Backward with a cotangent in which no two elements are alike."""
    first = output[0] if isinstance(output, (tuple, list)) else output
    if not first.requires_grad:
        return
    cotangent = np.linspace(-1, 1, first.numel(), dtype=np.float32).reshape(tuple(first.shape)) + 0.1
    first.backward(library.tensor(cotangent).to(first.dtype))


def raised(run, side):
    """The exception of `run(library, nn, F)`, and what it warned of counts as nothing."""
    try:
        run(*side)
    except Exception as error:
        return error
    pytest.fail(f"{side[0].__name__} raised nothing")


def assert_same_error(run):
    ours, theirs = raised(run, OURS), raised(run, THEIRS)
    assert isinstance(ours, type(theirs)), f"{type(ours)} is no {type(theirs)}"
    assert str(ours) == str(theirs)
