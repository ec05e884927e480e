"""Containers do what lists and dicts do, as PyTorch's do."""

from collections import OrderedDict

import pytest
from teletensor import nn

from tests.nn.nn_oracle import NAMES, SIDES, assert_same_error, assert_same_script, drawn


def _row(nn):
    return nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Sigmoid())


def _delete(container, index):
    del container[index]
    return container


def _set(container, index, value):
    container[index] = value
    return container


def _iadd(a, b):
    a += b
    return a


def _imul(a, n):
    a *= n
    return a


SCRIPTS = {
    "Sequential": lambda t, nn: _row(nn),
    "Sequential of names": lambda t, nn: nn.Sequential(OrderedDict(a=nn.ReLU(), b=_row(nn))),
    "Sequential item": lambda t, nn: (_row(nn)[-1], len(_row(nn)), [type(m).__name__ for m in _row(nn)]),
    "Sequential slice": lambda t, nn: nn.Sequential(OrderedDict(a=nn.ReLU(), b=nn.Tanh()))[1:],
    "Sequential set": lambda t, nn: _set(_row(nn), 1, nn.GELU()),
    "Sequential delete": lambda t, nn: _delete(_row(nn), 0),
    "Sequential delete slice": lambda t, nn: _delete(_row(nn), slice(0, 2)),
    "Sequential append": lambda t, nn: _row(nn).append(nn.GELU()),
    "Sequential extend": lambda t, nn: _row(nn).extend(_row(nn)),
    "Sequential insert": lambda t, nn: _row(nn).insert(1, nn.GELU()),
    "Sequential pop": lambda t, nn: _row(nn).pop(1),
    "Sequential add": lambda t, nn: _row(nn) + _row(nn),
    "Sequential iadd": lambda t, nn: _iadd(_row(nn), _row(nn)),
    "Sequential mul": lambda t, nn: (_row(nn) * 2, 2 * _row(nn), _imul(_row(nn), 2)),
    "Sequential dir": lambda t, nn: "0" in dir(_row(nn)),
    "ModuleList": lambda t, nn: nn.ModuleList([nn.Linear(1, 1)] * 3 + [_row(nn), nn.ReLU()]),
    "ModuleList nothing": lambda t, nn: (nn.ModuleList(), len(nn.ModuleList())),
    "ModuleList slice": lambda t, nn: nn.ModuleList(_row(nn))[1:],
    "ModuleList insert": lambda t, nn: [(m.insert(1, nn.GELU()), m) for m in [nn.ModuleList(_row(nn))]],
    "ModuleList delete": lambda t, nn: list(_delete(nn.ModuleList(_row(nn)), 1).state_dict()),
    "ModuleList add": lambda t, nn: nn.ModuleList(_row(nn)) + nn.ModuleList([nn.GELU()]),
    "ModuleList iadd": lambda t, nn: _iadd(nn.ModuleList(), [nn.GELU()]),
    "ModuleList pop": lambda t, nn: nn.ModuleList(_row(nn)).pop(-1),
    "ModuleDict": lambda t, nn: nn.ModuleDict({"a": nn.ReLU(), "b": nn.Tanh()}),
    "ModuleDict of pairs": lambda t, nn: nn.ModuleDict([("a", nn.ReLU())]),
    "ModuleDict use": lambda t, nn: [
        [(d["b"], list(d), len(d), "a" in d, list(d.keys()), list(d.values()), list(d.items())), d.pop("a"), repr(d)]
        for d in [nn.ModuleDict({"a": nn.ReLU(), "b": nn.Tanh()})]
    ],
    "ParameterList": lambda t, nn: nn.ParameterList([t.ones(2), nn.Parameter(t.ones(3, 3)), 4]),
    "ParameterList use": lambda t, nn: [
        [(len(p), p[0].requires_grad, p[-1].tolist(), p[1:], list(p.state_dict())), _iadd(p.append(t.ones(1)), [4])]
        for p in [nn.ParameterList([t.ones(2), t.zeros(1)])]
    ],
    "ParameterDict": lambda t, nn: nn.ParameterDict({"a": t.ones(2), "b": nn.Parameter(t.ones(3, 3)), "c": 4}),
}  # fmt: skip


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_container_behaves_as_pytorchs(name):
    assert_same_script(lambda library: repr(SCRIPTS[name](library, library.nn)))


@pytest.mark.parametrize(("library", "side"), SIDES, ids=NAMES)
def test_a_parameter_dict_is_a_dict(library, side):
    p = side.ParameterDict({"a": library.ones(2), "b": library.ones(1)})
    assert list(p) == list(p.keys()) == ["a", "b"]
    assert list(reversed(p)) == ["b", "a"]
    assert len(p) == len(list(p.values())) == 2
    assert [key for key, _ in p.items()] == ["a", "b"]
    assert p.get("z", 3) == 3
    assert isinstance(p.setdefault("z", library.ones(1)), side.Parameter)
    assert list((p | side.ParameterDict({"q": library.ones(1)})).keys()) == ["a", "b", "z", "q"]
    assert p.copy()["a"] is p["a"]
    assert p.pop("a").tolist() == [1, 1]
    assert p.popitem()[0] == "z"
    assert list(p.state_dict()) == ["b"]
    p |= side.ParameterDict({"c": library.ones(1)})
    del p["b"]
    assert "c" in p
    assert "b" not in p
    assert list(p.fromkeys(["x"], library.ones(1))) == ["x"]
    p.clear()
    assert not len(p)
    with pytest.raises(TypeError, match="not a string"):
        p[3] = library.ones(1)


ERRORS = {
    "Sequential of a number": lambda t, nn, F: nn.Sequential(3),
    "Sequential index": lambda t, nn, F: nn.Sequential(nn.ReLU())[3],
    "Sequential plus a number": lambda t, nn, F: nn.Sequential() + 3,
    "Sequential append": lambda t, nn, F: nn.Sequential().append(3),
    "Sequential insert": lambda t, nn, F: nn.Sequential(nn.ReLU()).insert(5, nn.ReLU()),
    "Sequential extend": lambda t, nn, F: nn.Sequential(nn.ReLU()).extend([3]),
    "ModuleList of a number": lambda t, nn, F: nn.ModuleList([3]),
    "ModuleList from a number": lambda t, nn, F: nn.ModuleList(3),
    "ModuleList index": lambda t, nn, F: nn.ModuleList([nn.ReLU()])[4],
    "ModuleList name": lambda t, nn, F: nn.ModuleList([nn.ReLU()])["a"],
    "ModuleDict from a number": lambda t, nn, F: nn.ModuleDict(3),
    "ModuleDict of triples": lambda t, nn, F: nn.ModuleDict([(1, 2, 3)]),
    "ModuleDict of numbers": lambda t, nn, F: nn.ModuleDict([1]),
    "ModuleDict value": lambda t, nn, F: nn.ModuleDict({"a": 3}),
    "ModuleDict reserved name": lambda t, nn, F: nn.ModuleDict({"keys": nn.ReLU()}),
    "ParameterList from a number": lambda t, nn, F: nn.ParameterList(3),
    "ParameterList index": lambda t, nn, F: nn.ParameterList([1])[3],
    "ParameterDict from a number": lambda t, nn, F: nn.ParameterDict(3),
    "ParameterDict key": lambda t, nn, F: nn.ParameterDict({"a": 3})["b"],
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_container_refuses_as_pytorchs_does(name):
    assert_same_error(ERRORS[name])


@pytest.mark.parametrize("factor", [0, "a"])
def test_a_row_is_multiplied_by_positive_numbers_only(factor):
    with pytest.raises((ValueError, TypeError), match=r"multiplication factor|unsupported operand"):
        _row(nn) * factor


def test_insert_wants_a_module():
    with pytest.raises(AssertionError, match="module should be of type"):
        nn.Sequential().insert(0, 3)


def test_a_list_of_modules_cannot_be_called():
    with pytest.raises(NotImplementedError, match="ModuleList"):
        nn.ModuleList([nn.ReLU()])(1)


def test_data_parallel_wraps_a_module():
    def run(library):
        wrapped = library.nn.DataParallel(drawn(library, lambda nn: nn.Linear(3, 2)))
        return list(wrapped.state_dict()), repr(wrapped), wrapped(library.ones(2, 3)), wrapped.device_ids

    assert_same_script(run)
