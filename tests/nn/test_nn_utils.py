"""Clipping, flattening and padding against PyTorch's."""

import math

import pytest
import teletensor as tt
from teletensor import nn

from tests.nn.nn_oracle import SIDES, array, assert_same_script, drawn, tensors


def _with_gradients(library, scale=1.0):
    m = drawn(library, lambda nn: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)))
    (m(library.tensor(array(5, 3))).square().sum() * scale).backward()
    return m


def _grads(module):
    return [p.grad for p in module.parameters()]


@pytest.mark.parametrize("max_norm", [0.1, 1e6])
@pytest.mark.parametrize("norm_type", [2.0, 1.0, math.inf])
def test_clipping_the_norm(max_norm, norm_type):
    def run(library):
        m = _with_gradients(library)
        return [library.nn.utils.clip_grad_norm_(m.parameters(), max_norm, norm_type), _grads(m)]

    assert_same_script(run)


def test_clipping_takes_one_tensor_and_none_without_gradient():
    for library, side in SIDES:
        lone = library.ones(3, requires_grad=True)
        assert side.utils.clip_grad_norm_(lone, 1.0).item() == 0
        lone.sum().backward()
        side.utils.clip_grad_norm_(lone, 1.0)
        assert abs(lone.grad.square().sum().sqrt().item() - 1) < 1e-4


def test_a_norm_that_is_not_finite_is_an_error_on_demand():
    for library, side in SIDES:
        m = _with_gradients(library, math.inf)
        with pytest.raises(RuntimeError, match="is non-finite, so it cannot be clipped"):
            side.utils.clip_grad_norm_(m.parameters(), 1.0, error_if_nonfinite=True)


def test_clipping_values():
    def run(library):
        m = _with_gradients(library)
        library.nn.utils.clip_grad_value_(m.parameters(), 0.05)
        return _grads(m)

    assert_same_script(run)


def test_the_norm_and_the_scaling_come_apart():
    def run(library):
        m = _with_gradients(library)
        norm = library.nn.utils.get_total_norm(_grads(m))
        library.nn.utils.clip_grads_with_norm_(m.parameters(), 0.5, norm)
        return [norm, _grads(m)]

    assert_same_script(run)


def test_parameters_as_a_vector_and_back():
    def run(library):
        m = _with_gradients(library)
        vector = library.nn.utils.parameters_to_vector(m.parameters())
        library.nn.utils.vector_to_parameters(vector * 2, m.parameters())
        assert all(p.is_leaf and p.requires_grad for p in m.parameters())
        return [vector, list(m.parameters())]

    assert_same_script(run)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_sequences(batch_first, side):
    def run(library):
        arrays = [array(3, 2), array(5, 2), array(1, 2)]
        return library.nn.utils.rnn.pad_sequence(tensors(library, arrays), batch_first, 7.0, side)

    assert_same_script(run)


def test_unpadding_sequences():
    arrays = [array(3, 2), array(5, 2)]
    for batch_first in (False, True):
        padded = nn.utils.rnn.pad_sequence(tensors(tt, arrays), batch_first)
        parts = nn.utils.rnn.unpad_sequence(padded, tt.tensor([3, 5]), batch_first)
        assert [part.tolist() for part in parts] == [each.tolist() for each in arrays]
