"""Programs end on teletensor as they do on PyTorch."""

import pytest
import teletensor

from tests.ops.test_oracle import torch_version
from tests.programs.oracle import MODULES, assert_same, assert_told_alike, outcome, programs, recorded

PENDING: dict[str, str] = {}

ALL = [(module, name) for module in MODULES for name in programs(module)]


@pytest.mark.parametrize(("module", "name"), ALL, ids=[f"{m}-{n}" for m, n in ALL])
def test_ends_as_recorded(module, name, request):
    if reason := PENDING.get(f"{module}-{name}"):
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
    ours = outcome(programs(module)[name], teletensor)
    assert not type(ours.get("raised")).__module__.startswith("numpy"), f"not our own error: {ours}"
    theirs = recorded(module)[name]
    assert_same(ours, theirs)
    if module == "refusals":
        assert_told_alike(ours, theirs)


@pytest.mark.skipif(torch_version() != "2.13.0", reason=f"needs PyTorch 2.13.0, found {torch_version()}")
@pytest.mark.parametrize("module", MODULES)
def test_recording_is_pytorchs(module):
    import torch

    kept = recorded(module)
    assert set(kept) == set(programs(module)), "run make oracle"
    for name, program in programs(module).items():
        live = outcome(program, torch)
        assert live.get("error") == kept[name].get("error"), f"{name}: run make oracle"
        if "out" in live:
            assert_same(live, kept[name])
