"""Trees are taken apart and put together as PyTorch does it."""

import importlib
from collections import OrderedDict, defaultdict, deque, namedtuple

import pytest

Pair = namedtuple("Pair", "x y")


class Box:
    """A class to be registered."""

    def __init__(self, *held):
        self.held = held


def tree():
    return {
        "b": [1, (2, 3.5)], "a": OrderedDict(c=4), "d": deque([5], maxlen=2), "e": defaultdict(list, {1: 2}),
        "f": Pair(None, {"x": ()}), "g": "text",
    }  # fmt: skip


def trees_of(t):
    return importlib.import_module(f"{t}.utils._pytree")


def told(call, p):
    """What it gives, as text; or the class of error that it raises, and its first line."""
    try:
        return repr(call(p))
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"


CALLS = [
    lambda p: p.tree_flatten(tree()),
    lambda p: p.tree_unflatten(range(8), p.tree_structure(tree())),
    lambda p: p.tree_unflatten([1], p.tree_structure([1, 2])),
    lambda p: p.tree_leaves([1, [2, (3,)]], is_leaf=lambda x: isinstance(x, tuple)),
    lambda p: list(p.tree_iter(tree())),
    lambda p: p.tree_map(lambda *a: a, (1, {"x": 2}), (3, {"x": [4]})),
    lambda p: p.tree_map(lambda a, b: a, [1, 2], [1]),
    lambda p: p.tree_map(lambda a, b: a, [1], (1,)),
    lambda p: p.tree_map(lambda a, b: a, [(1,)], [1]),
    lambda p: p.tree_map(lambda a, b: a, {"a": 1}, {"b": 1}),
    lambda p: p.tree_map(lambda a, b: a - b, {"a": 1, "b": 2}, OrderedDict(b=5, a=7)),
    lambda p: p.tree_map_only(int, lambda a: a + 1, tree()),
    lambda p: p.tree_map_only((int, float), lambda a: a + 1, tree()),
    lambda p: p.tree_map_only(lambda a: a == 2, lambda a: "two", tree()),
    lambda p: [p.tree_all(bool, [1, 0]), p.tree_any(bool, [1, 0]), p.tree_all_only(str, bool, [0, "x"])],
    lambda p: [p.tree_any_only(str, bool, [1, ""]), p.tree_is_leaf(3), p.tree_is_leaf([3]), p.tree_is_leaf(None)],
    lambda p: [(p.keystr(path), leaf) for path, leaf in p.tree_flatten_with_path(tree())[0]],
    lambda p: p.tree_leaves_with_path(tree()),
    lambda p: [p.key_get(tree(), path) for path, _ in p.tree_leaves_with_path(tree())],
    lambda p: p.tree_map_with_path(lambda path, x, y: (p.keystr(path), x, y), {"a": [1]}, {"a": [2]}),
    lambda p: p._broadcast_to_and_flatten([1, 2], p.tree_structure([1, (2, 3)])),
    lambda p: p._broadcast_to_and_flatten([1], p.tree_structure([1, (2, 3)])),
    lambda p: [p.tree_structure([1]) == p.tree_structure((1,)), p.tree_structure([1]) == p.tree_structure([2])],
    lambda p: hash(p.tree_structure(tree())) == hash(p.tree_structure(tree())),
    lambda p: p.tree_structure({"a": [1, (2,)]}).flatten_up_to({"a": [5, (6,)]}),
    lambda p: [getattr(p.tree_structure(tree()), name) for name in ("num_leaves", "num_nodes", "num_children", "type")],
    lambda p: [p.is_namedtuple(Pair(1, 2)), p.is_namedtuple_class(Pair), p.is_namedtuple_instance((1, 2))],
    lambda p: p.register_pytree_node(list, lambda x: (x, None), lambda x, c: x),
]


@pytest.mark.parametrize("call", CALLS, ids=range(len(CALLS)))
def test_as_pytorch_does(call):
    pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    assert told(call, trees_of("teletensor")) == told(call, trees_of("torch"))


def test_a_class_of_ones_own():
    p = trees_of("teletensor")
    assert p.tree_leaves(Box(1, [2]))[0].held == (1, [2])
    p.register_pytree_node(Box, lambda box: (list(box.held), "context"), lambda held, context: Box(*held, context))
    assert p.tree_leaves([Box(1, [2])]) == [1, 2]
    assert p.tree_map(lambda x: -x, Box(1, 2)).held == (-1, -2, "context")
    with pytest.raises(ValueError, match="flatten_with_keys_fn"):
        p.tree_flatten_with_path(Box(1))


def test_tensors_are_leaves():
    import teletensor as torch

    p = trees_of("teletensor")
    made = p.tree_map_only(torch.Tensor, lambda x: x + 1, {"x": torch.zeros(2), "n": 3})
    assert made["x"].tolist() == [1, 1]
    assert made["n"] == 3
    # As in PyTorch, where it is registered by another name.
    assert [x.tolist() for x in p.tree_leaves(torch.tensor([[2, 1]]).max(1))] == [[2], [0]]
    assert repr(p.tree_structure(torch.Size([1, 2]))) == "TreeSpec(Size, None, [*,\n  *])"
