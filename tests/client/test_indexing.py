"""Subscripts of every form, at random: read and written, they end as on PyTorch."""

import random
import warnings

import numpy as np
import pytest
import teletensor

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")

SHAPES = [(4,), (3, 4), (2, 3, 4), (2, 1, 3), (0, 3), (1,), (5, 2, 2, 3), ()]
STARTS, STOPS, STEPS = (None, 0, 1, -1, 2), (None, 0, 1, -1, 3, 9), (None, 1, 2)
BATCHES, CASES = 12, 250


class Subscript:
    """A random subscript for a shape, in any library: ints, slices, None, Ellipsis, index tensors and lists, masks."""

    def __init__(self, rng: random.Random, shape: tuple[int, ...]) -> None:
        self.as_list, self.bare = rng.random() < 0.3, rng.random() < 0.5
        self.parts: list[tuple[str, object]] = []
        dim = 0
        kinds = ["int", "int", "slice", "slice", "none", "ellipsis", "index", "index2", "mask", "number", "end"]
        while dim < len(shape):
            kind, size = rng.choice(kinds), shape[dim]
            if kind == "end" or (kind == "ellipsis" and any(k == "ellipsis" for k, _ in self.parts)):
                break
            if not size and kind in ("int", "index", "index2", "number"):
                continue
            self.parts.append((kind, self._value(rng, kind, size)))
            dim += {"none": 0, "ellipsis": rng.randint(0, len(shape) - dim)}.get(kind, 1)

    def _value(self, rng, kind, size):
        if kind in ("int", "number"):
            return rng.randrange(-size, size) if kind == "int" else rng.randrange(size)
        if kind == "slice":
            return slice(rng.choice(STARTS), rng.choice(STOPS), rng.choice(STEPS))
        if kind == "index":
            return [rng.randrange(-size, size) for _ in range(rng.randint(1, 3))]
        if kind == "index2":
            return [[rng.randrange(size) for _ in range(2)] for _ in range(rng.randint(1, 2))]
        if kind == "mask":
            return [rng.random() < 0.5 for _ in range(size)]
        return {"none": None, "ellipsis": Ellipsis}[kind]

    def of(self, library):
        key = tuple(self._part(library, kind, value) for kind, value in self.parts)
        return key[0] if len(key) == 1 and self.bare else key

    def _part(self, library, kind, value):
        if kind == "number":
            return library.tensor(value)
        if kind in ("index", "index2"):
            return value if self.as_list else library.tensor(value)
        return library.tensor(value, dtype=library.bool) if kind == "mask" else value

    def __repr__(self) -> str:
        return f"{self.parts}{' as lists' * self.as_list}{' bare' * self.bare}"


def values(rng, shape):
    """What is written: a number, or a tensor of some shape that may fit."""
    kind = rng.randrange(4)
    if kind == 0:
        return lambda t: 7
    if kind == 1:
        return lambda t: t.ones(shape) * 3
    if kind == 2:
        return lambda t: t.tensor(9.0)
    return lambda t: t.arange(float(shape[-1] if shape else 1)).reshape((-1,) if shape else ())


def outcome(function):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return function()
        except (IndexError, ValueError, TypeError, RuntimeError) as error:
            return error


def same(mine, theirs):
    if isinstance(theirs, Exception) or isinstance(mine, Exception):
        return isinstance(theirs, Exception) and isinstance(mine, Exception)
    return mine == theirs


@pytest.mark.parametrize("seed", range(BATCHES))
def test_subscripts_end_as_on_pytorch(seed):
    rng = random.Random(seed)
    for _ in range(CASES):
        shape = rng.choice(SHAPES)
        key = Subscript(rng, shape)
        base = np.arange(int(np.prod(shape)), dtype=np.float32).reshape(shape)

        def read(t, key=key, base=base):
            found = t.tensor(base)[key.of(t)]
            return tuple(found.shape), found.tolist()

        mine, theirs = outcome(lambda: read(teletensor)), outcome(lambda: read(torch))
        assert same(mine, theirs), f"{shape} {key}: {mine!r} is not {theirs!r}"
        if isinstance(theirs, Exception):
            continue
        value = values(rng, theirs[0])

        def write(t, key=key, base=base, value=value):
            x = t.tensor(base)
            x[key.of(t)] = value(t)
            return x.tolist()

        mine, theirs = outcome(lambda: write(teletensor)), outcome(lambda: write(torch))
        assert same(mine, theirs), f"{shape} {key}: {mine!r} is not {theirs!r}"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (lambda t: t.tensor([0, 1]), lambda t: t.tensor([1, 2])),
        (lambda t: [0, 1], lambda t: t.tensor(1)),
        (lambda t: t.tensor([True, False, True]), lambda t: t.tensor(1)),
        (lambda t: t.tensor([True, False, True]), lambda t: t.tensor([1, 2])),
        (lambda t: t.tensor(1), lambda t: t.tensor(5)),
        (lambda t: slice(0, 2), lambda t: t.tensor([5, 6])),
        (lambda t: 0, lambda t: t.tensor(True)),
    ],
)
def test_what_is_written_is_cast_where_pytorch_casts(key, value):
    def write(t):
        x = t.zeros(3)
        x[key(t)] = value(t)
        return x.tolist()

    mine, theirs = outcome(lambda: write(teletensor)), outcome(lambda: write(torch))
    assert same(mine, theirs), f"{mine!r} is not {theirs!r}"


def test_a_list_of_lists_is_a_tuple_with_a_warning():
    x = teletensor.arange(6).reshape(2, 3)
    with pytest.warns(UserWarning, match="Using a non-tuple sequence for multidimensional indexing"):
        assert x[[[0, 1], [1, 2]]].tolist() == [1, 5]
