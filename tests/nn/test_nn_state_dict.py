"""Saving and loading a module's state, and what is said when it does not fit."""

from collections import OrderedDict

import pytest
import teletensor as tt
from teletensor import nn

from tests.nn.nn_oracle import SIDES, assert_same_error

ERRORS = {
    "no mapping": lambda t, nn, F: nn.Linear(2, 3).load_state_dict(3),
    "everything at once": lambda t, nn, F: nn.Linear(2, 3).load_state_dict({"a": t.ones(1), "weight": t.ones(2)}),
    "no tensor": lambda t, nn, F: nn.Linear(2, 3).load_state_dict({"weight": 3, "bias": t.ones(3)}),
    "deep names": lambda t, nn, F: nn.Sequential(nn.Linear(1, 1)).load_state_dict(
        {"1.weight": t.ones(1), "0.x.y": t.ones(1)}
    ),
    "size mismatch without strict": lambda t, nn, F: nn.Linear(2, 3).load_state_dict({"bias": t.ones(9)}, strict=False),
    "post hook with an answer": lambda t, nn, F: _with_post_hook(nn.Linear(2, 3), lambda m, keys: 3),
}


def _with_post_hook(module, hook):
    module.register_load_state_dict_post_hook(hook)
    return module.load_state_dict(module.state_dict())


@pytest.mark.parametrize("name", ERRORS)
def test_state_that_does_not_fit_is_refused_in_pytorchs_words(name):
    assert_same_error(ERRORS[name])


def test_loading_reports_what_did_not_match():
    for library, side in SIDES:
        m = side.Linear(2, 3)
        keys = m.load_state_dict({"a": library.ones(1)}, strict=False)
        assert keys == (["weight", "bias"], ["a"])
        assert keys.missing_keys == ["weight", "bias"]
        assert repr(keys) == "_IncompatibleKeys(missing_keys=['weight', 'bias'], unexpected_keys=['a'])"
        assert repr(m.load_state_dict(m.state_dict())) == "<All keys matched successfully>"


def test_state_shares_memory_and_is_detached():
    m = nn.Linear(2, 3)
    state = m.state_dict()
    assert not state["weight"].requires_grad
    assert m.state_dict(keep_vars=True)["weight"] is m.weight
    state["weight"].fill_(3)
    assert m.weight.tolist() == [[3, 3]] * 3


def test_loading_copies_into_the_parameters_themselves():
    m = nn.Linear(2, 3)
    weight = m.weight
    state = {"weight": tt.ones(3, 2), "bias": tt.ones(3)}
    m.load_state_dict(state)
    state["weight"].zero_()
    assert m.weight is weight
    assert weight.tolist() == [[1, 1]] * 3
    assert weight.requires_grad


def test_loading_casts_to_the_dtype_of_the_module():
    m = nn.Linear(2, 3)
    m.load_state_dict({"weight": tt.ones(3, 2, dtype=tt.float64), "bias": tt.ones(3, dtype=tt.int64)})
    assert m.weight.dtype == m.bias.dtype == tt.float32


def test_assign_takes_the_tensors_themselves():
    m = nn.Linear(2, 3).requires_grad_(False)
    state = {"weight": nn.Parameter(tt.ones(3, 2, dtype=tt.float64)), "bias": tt.ones(3)}
    m.load_state_dict(state, assign=True)
    assert m.weight is state["weight"]
    assert isinstance(m.bias, nn.Parameter)
    assert not m.weight.requires_grad
    assert not m.bias.requires_grad


def test_a_scalar_saved_with_one_dimension_still_loads():
    m = nn.Module()
    m.x = nn.Parameter(tt.zeros(()))
    m.load_state_dict({"x": tt.ones(1)})
    assert m.x.item() == 1


def test_batch_norm_loads_state_from_before_it_counted_batches():
    m = nn.BatchNorm1d(2)
    state = {name: value for name, value in m.state_dict().items() if name != "num_batches_tracked"}
    assert m.load_state_dict(state) == ([], [])
    newer = OrderedDict(state)
    newer._metadata = {"": {"version": 2}}
    with pytest.raises(RuntimeError, match=r'Missing key.*"num_batches_tracked"'):
        m.load_state_dict(newer)


def test_extra_state_goes_with_the_tensors():
    class Extra(nn.Linear):
        def get_extra_state(self):
            return {"epoch": 3}

        def set_extra_state(self, state):
            self.epoch = state["epoch"]

    m = Extra(1, 1)
    state = m.state_dict()
    assert list(state) == ["weight", "bias", "_extra_state"]
    assert m.load_state_dict(state) == ([], [])
    assert m.epoch == 3
    assert nn.Linear(1, 1).load_state_dict(state, strict=False).unexpected_keys == ["_extra_state"]
    assert m.load_state_dict(nn.Linear(1, 1).state_dict(), strict=False).missing_keys == ["_extra_state"]


def test_state_dict_hooks_run_before_and_after():
    m, seen = nn.Sequential(nn.Linear(1, 1)), []
    m[0].register_state_dict_pre_hook(lambda module, prefix, keep_vars: seen.append((prefix, keep_vars)))
    handle = m[0].register_state_dict_post_hook(
        lambda module, state, prefix, metadata: state.update({prefix + "more": metadata["version"]})
    )
    assert list(m.state_dict()) == ["0.weight", "0.bias", "0.more"]
    assert seen == [("0.", False)]
    handle.remove()
    assert list(m.state_dict()) == ["0.weight", "0.bias"]
    m._register_state_dict_hook(lambda module, state, prefix, metadata: {"only": 1})
    assert m.state_dict() == {"only": 1}


def test_a_public_state_dict_hook_must_not_answer():
    m = nn.Linear(1, 1)
    m.register_state_dict_post_hook(lambda *args: {})
    with pytest.raises(RuntimeError, match="state_dict post-hook must return None"):
        m.state_dict()


def test_load_hooks_can_rename_and_forgive():
    m = nn.Linear(1, 1)

    def rename(module, state, prefix, *rest):
        assert module is m
        state[prefix + "weight"] = state.pop(prefix + "old")

    m.register_load_state_dict_pre_hook(rename)
    m.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.clear())
    assert m.load_state_dict({"old": tt.ones(1, 1)}) == ([], [])
    assert m.weight.item() == 1


def test_an_overridden_loader_is_called_as_in_pytorch():
    calls = []

    class Custom(nn.Linear):
        def _load_from_state_dict(self, state_dict, prefix, local_metadata, strict, missing, unexpected, errors):
            calls.append((prefix, strict, local_metadata))
            super()._load_from_state_dict(state_dict, prefix, local_metadata, strict, missing, unexpected, errors)

    m = nn.Sequential(Custom(1, 1))
    m.load_state_dict(m.state_dict(), strict=False)
    assert calls == [("0.", True, {"version": 1})]


def test_the_positional_form_still_works():
    with pytest.warns(FutureWarning, match="Positional args"):
        assert list(nn.Linear(1, 1).state_dict(OrderedDict(), "a.")) == ["a.weight", "a.bias"]
