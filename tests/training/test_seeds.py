"""Random numbers: fixed by the seed, alike here and on a worker, and set aside and put back."""

import threading

import numpy as np
import pytest
import teletensor as tt
from teletensor import nn
from teletensor.random import fork_rng

DRAWS = {
    "rand": lambda: tt.rand(5),
    "rand float64": lambda: tt.rand(5, dtype=tt.float64),
    "randn": lambda: tt.randn(4, 3),
    "randn float16": lambda: tt.randn(7, dtype=tt.float16),
    "randint": lambda: tt.randint(-3, 9, (6,)),
    "large randint": lambda: tt.randint(0, 2**40, (6,)),
    "randperm": lambda: tt.randperm(11),
    "rand_like": lambda: tt.rand_like(tt.ones(3)),
    "normal_": lambda: tt.empty(5).normal_(2.0, 0.5),
    "uniform_": lambda: tt.empty(5).uniform_(-1, 1),
    "exponential_": lambda: tt.empty(5).exponential_(2.0),
    "random_": lambda: tt.empty(5, dtype=tt.int64).random_(0, 100),
    "bernoulli": lambda: tt.bernoulli(tt.full((9,), 0.5)),
    "bernoulli_": lambda: tt.empty(9).bernoulli_(0.3),
    "multinomial": lambda: tt.multinomial(tt.ones(8), 5),
    "dropout": lambda: nn.functional.dropout(tt.ones(20), 0.5),
    "dropout2d": lambda: nn.functional.dropout2d(tt.ones(4, 5, 2, 2), 0.5),
    "alpha_dropout": lambda: nn.functional.alpha_dropout(tt.ones(20), 0.5, training=True),
    "gumbel_softmax": lambda: nn.functional.gumbel_softmax(tt.zeros(3, 4)),
    "kaiming_uniform_": lambda: nn.init.kaiming_uniform_(tt.empty(4, 3)),
    "trunc_normal_": lambda: nn.init.trunc_normal_(tt.empty(20)),
    "orthogonal_": lambda: nn.init.orthogonal_(tt.empty(4, 4)),
    "a module": lambda: nn.TransformerEncoderLayer(8, 2, 16).linear1.weight,
}


def drawn(name, device="cpu", seed=5):
    """Two draws in a row after seeding."""
    tt.manual_seed(seed)
    with tt.device(device):
        return [np.array(DRAWS[name]().detach().cpu().numpy()) for _ in range(2)]


@pytest.mark.parametrize("name", DRAWS)
def test_the_same_seed_draws_the_same_numbers_here_and_on_a_worker(name, session):
    first, second = drawn(name)
    assert not np.array_equal(first, second)
    for again in (drawn(name), drawn(name, "remote")):
        np.testing.assert_array_equal(again[0], first)
        np.testing.assert_array_equal(again[1], second)
    assert not np.array_equal(drawn(name, seed=6)[0], first)


def test_a_generator_draws_apart_from_the_default_one(session):
    for device in ("cpu", "remote"):
        own = tt.Generator(device).manual_seed(5)
        tt.manual_seed(5)
        expected = tt.rand(4, device=device).tolist()
        before = tt.get_rng_state().tolist()
        assert tt.rand(4, device=device, generator=own).tolist() == expected
        assert tt.get_rng_state().tolist() == before


@pytest.mark.parametrize("count", [1, 2, 3, 1000])
def test_draws_do_not_overlap(count):
    tt.manual_seed(1)
    numbers = [x for _ in range(4) for x in tt.rand(count, dtype=tt.float64).tolist()]
    assert len(set(numbers)) == len(numbers)


def test_state_is_set_aside_and_put_back():
    tt.manual_seed(2)
    tt.rand(3)
    state = tt.get_rng_state()
    assert state.dtype == tt.uint8
    assert state.device.type == "cpu"
    expected = tt.rand(3).tolist()
    tt.manual_seed(9)
    tt.set_rng_state(state)
    assert tt.rand(3).tolist() == expected
    assert tt.initial_seed() == 2


def test_a_generators_state_goes_to_another():
    first = tt.Generator().manual_seed(3)
    tt.rand(5, generator=first)
    second = tt.Generator().set_state(first.get_state())
    third = first.clone_state()
    expected = tt.rand(4, generator=first).tolist()
    assert tt.rand(4, generator=second).tolist() == expected
    assert tt.rand(4, generator=third).tolist() == expected
    assert second.initial_seed() == 3


def test_fork_draws_without_consequences():
    tt.manual_seed(4)
    expected = tt.rand(3).tolist()
    tt.manual_seed(4)
    with fork_rng():
        tt.manual_seed(100)
        tt.rand(50)
    assert tt.rand(3).tolist() == expected
    with fork_rng(enabled=False):
        tt.rand(1)
    assert tt.rand(3).tolist() != expected


@pytest.mark.parametrize(("seed", "initial"), [(0, 0), (2**64 - 1, 2**64 - 1), (-1, 2**64 - 1), (-(2**63), 2**63)])
def test_seeds_have_pytorchs_range(seed, initial):
    assert tt.manual_seed(seed).initial_seed() == initial
    tt.rand(2)


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1])
def test_seeds_beyond_it_are_refused(seed):
    with pytest.raises(RuntimeError, match="Overflow when unpacking long"):
        tt.manual_seed(seed)


def test_seed_chooses_a_new_one():
    assert tt.seed() != tt.seed()
    assert tt.initial_seed() >= 0


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (3, "expected a torch.ByteTensor"),
        ([1], "ByteTensor"),
        (tt.ones(16), "ByteTensor"),
        (tt.ones(5).byte(), "wrong size"),
    ],
)
def test_a_state_that_is_none_is_refused(state, message):
    with pytest.raises((TypeError, RuntimeError), match=message):
        tt.set_rng_state(state)


def test_threads_share_the_default_generator():
    tt.manual_seed(0)
    expected = sorted(x for _ in range(8) for x in tt.rand(2, dtype=tt.float64).tolist())
    tt.manual_seed(0)
    numbers = []
    threads = [threading.Thread(target=lambda: numbers.extend(tt.rand(2, dtype=tt.float64).tolist())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == expected
