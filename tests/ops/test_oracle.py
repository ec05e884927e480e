"""Every op, for every sample and dtype, answers as PyTorch: values, dtypes, shapes, gradients of two orders, errors."""

import fnmatch
import importlib.metadata
import importlib.util
import warnings

import numpy as np
import pytest
from teletensor.local import LocalSession
from teletensor_core.registry import OPS

from tests.oracle import answers
from tests.oracle.cases import all_cases, cases, families
from tests.oracle.compare import assert_agrees, assert_close
from tests.oracle.known import KNOWN
from tests.oracle.run import run

SAMPLED = sorted(name for name, op in OPS.items() if op.samples and not op.random)


def failures(check, every):
    """The messages of the cases that fail a check, so that one run shows them all."""
    found = []
    for case in every:
        try:
            check(case)
        except AssertionError as error:
            found.append(str(error).strip())
    return found


@pytest.mark.parametrize("name", SAMPLED)
def test_agrees_with_recorded_answers(name):
    session, every = LocalSession(), list(cases(OPS[name]))
    recorded = answers.load(every[0].family)
    found = failures(lambda case: assert_agrees(case, run(case, session), recorded[case.key]), every)
    assert not found, f"{len(found)} of {len(every)} cases differ:\n" + "\n".join(found[:5])


def test_every_case_is_recorded():
    for family in families():
        assert set(answers.load(family)) == {case.key for case in all_cases(family)}, f"run make oracle for {family}"


def test_known_differences_name_cases_that_exist():
    keys = [case.key for case in all_cases()]
    for pattern in KNOWN:
        assert any(fnmatch.fnmatchcase(key, pattern.split(" ")[0]) for key in keys), f"{pattern} matches nothing"


def test_enough_is_differentiated():
    """The recording holds gradients for most of what can have them: an oracle that gives none would pass everything."""
    float64 = [case for case in all_cases() if case.dtype and case.dtype.name == "float64" and case.op.vjps]
    recorded = {family: answers.load(family) for family in families()}
    first = sum("grads" in recorded[case.family][case.key] for case in float64)
    second = sum("second" in recorded[case.family][case.key] for case in float64)
    assert first > 0.9 * len(float64)
    assert second > 0.5 * len(float64)


def torch_version():
    """The installed PyTorch's version, or None."""
    if importlib.util.find_spec("torch") is None:
        return None
    return importlib.metadata.version("torch").split("+")[0]


@pytest.mark.skipif(torch_version() != "2.13.0", reason=f"needs PyTorch 2.13.0, found {torch_version()}")
@pytest.mark.parametrize("family", families())
def test_recorded_answers_are_pytorchs(family):
    """PyTorch, asked again now, says what was recorded."""
    from tests.oracle.ask import ask

    recorded = answers.load(family)
    for case in all_cases(family):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            live = ask(case)
        kept = recorded[case.key]
        assert live.keys() == kept.keys(), f"{case}: run make oracle"
        assert live.get("error") == kept.get("error"), f"{case}: run make oracle"
        for part in ("out", "grads", "second"):
            if part in live:
                _assert_recorded(f"{case} {part}", kept[part], live[part])


def _assert_recorded(what, kept, live):
    """Equal but for what PyTorch itself rounds differently on another machine, or leaves undefined."""
    assert [x is None for x in kept] == [x is None for x in live], what
    with np.errstate(all="ignore"):
        assert_close(what, kept, live, wider=100)
