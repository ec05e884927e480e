"""Orthogonal matrices against PyTorch's: products of reflections, and the parametrization."""

import numpy as np
import pytest

from tests.nn.nn_oracle import array, assert_same, assert_same_error, assert_same_script, drawn


@pytest.mark.parametrize(("shape", "k"), [((4, 4), 4), ((5, 3), 3), ((5, 3), 2), ((2, 4, 3), 3), ((4, 1), 1)])
def test_householder_product(shape, k):
    tau = array(*shape[:-2], k, seed=1)
    assert_same(lambda library, a, t: library.linalg.householder_product(a, t), array(*shape), tau, tolerance=1e-4)


def test_householder_product_of_complex_matrices():
    def run(library):
        a = library.complex(library.tensor(array(4, 3)), library.tensor(array(4, 3, seed=1)))
        tau = library.complex(library.tensor(array(3, seed=2)), library.tensor(array(3, seed=3)))
        return library.view_as_real(library.linalg.householder_product(a, tau))

    assert_same_script(run, tolerance=1e-4)


REFUSED = {
    "a vector": lambda t: t.linalg.householder_product(t.ones(3), t.ones(3)),
    "wide": lambda t: t.linalg.householder_product(t.ones(2, 3), t.ones(2)),
    "too many": lambda t: t.linalg.householder_product(t.ones(3, 2), t.ones(3)),
    "dimensions": lambda t: t.linalg.householder_product(t.ones(3, 2), t.ones(1, 2)),
    "batches": lambda t: t.linalg.householder_product(t.ones(2, 3, 2), t.ones(3, 2)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_product_is_refused(name):
    assert_same_error(lambda library, nn, F: REFUSED[name](library))


def _square(library):
    return drawn(library, lambda nn: nn.Linear(4, 4))


@pytest.mark.parametrize("kind", ["matrix_exp", "cayley", "householder", None])
def test_a_square_matrix_is_made_orthogonal_and_trained(kind):
    def run(library):
        layer = library.nn.utils.parametrizations.orthogonal(_square(library), orthogonal_map=kind)
        optimizer = library.optim.SGD(layer.parameters(), lr=0.1)
        found = [layer.weight, list(layer.state_dict()), repr(layer)]
        for _ in range(3):
            optimizer.zero_grad()
            layer(library.tensor(array(5, 4))).square().sum().backward()
            optimizer.step()
        q = layer.weight
        return [*found, q, library.allclose(q @ q.T, library.eye(4), atol=1e-5)]

    assert_same_script(run, tolerance=1e-4)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3)])
@pytest.mark.parametrize("kind", ["matrix_exp", "cayley", "householder"])
def test_other_matrices_without_a_base(kind, shape):
    def run(library):
        layer = drawn(library, lambda nn: nn.Linear(shape[1], shape[0]))
        library.nn.utils.parametrizations.orthogonal(layer, orthogonal_map=kind, use_trivialization=False)
        (layer.weight * library.tensor(array(*shape))).sum().backward()
        original = layer.parametrizations.weight.original
        return [layer.weight, original, original.grad, list(layer.state_dict())]

    assert_same_script(run, tolerance=1e-4)


def test_a_tall_matrix_at_a_base_that_is_completed_at_random():
    def run(library):
        layer = drawn(library, lambda nn: nn.Linear(3, 5))
        library.nn.utils.parametrizations.orthogonal(layer)
        return [layer.weight, layer.parametrizations.weight[0].base.shape]

    assert_same_script(run, tolerance=1e-4)


def test_assigning_an_orthogonal_matrix():
    given = np.linalg.qr(array(4, 4))[0].astype(np.float32)

    def run(library):
        layer = library.nn.utils.parametrizations.orthogonal(_square(library))
        layer.weight = library.tensor(given)
        return layer.weight

    assert_same_script(run)


NO_MATRIX = {
    "a vector": lambda p, nn: p.orthogonal(nn.Linear(2, 2), "bias"),
    "nothing": lambda p, nn: p.orthogonal(nn.Linear(2, 2), "weights"),
    "another map": lambda p, nn: p.orthogonal(nn.Linear(2, 2), orthogonal_map="rotation"),
}


@pytest.mark.parametrize("name", NO_MATRIX)
def test_what_cannot_be_orthogonal_is_refused(name):
    assert_same_error(lambda library, nn, F: NO_MATRIX[name](nn.utils.parametrizations, nn))
