"""Asking PyTorch, or the recording of what it said."""

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.replay import store
from tests.replay.compare import assert_alike
from tests.replay.plain import plain

VERSION = "2.13.0"

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]

LIVE = torch is not None and torch.__version__.split("+")[0] == VERSION
# What `record` collects: answers by test module and key. None outside of it.
recording: dict[str, dict[str, Any]] | None = None
_calls: Counter[str] = Counter()
_current = ""


def ask(run: Callable[..., Any], *args: Any, tolerance: float = 1e-5) -> Any:
    """What `run(torch, *args)` gives, as plain values (see `plain`).

    `tolerance` is how far a live answer may be from the recorded one: processors round differently.
    """
    module, key = _key()
    if not LIVE:
        return _recorded(module, key)
    answer = plain(run(torch, *args))
    if recording is None:
        assert_alike(answer, _recorded(module, key), tolerance, "PyTorch's answer and its recording")
    else:
        recording.setdefault(module, {})[key] = _kept(module, key, answer, tolerance)
    return answer


def attempt(run: Callable[..., Any], *args: Any) -> Any:
    """What `run(*args)` gives, or the exception that it raises."""
    try:
        return run(*args)
    except Exception as error:
        return error


def _key() -> tuple[str, str]:
    """The test module, and a key for this call: the test's name and how often it has asked."""
    global _current
    now = os.environ["PYTEST_CURRENT_TEST"].rpartition(" (")[0]
    if now != _current:
        _calls.clear()
        _current = now
    _calls[now] += 1
    module, _, name = now.partition("::")
    return module, f"{name}#{_calls[now]}"


def _recorded(module: str, key: str) -> Any:
    answers = store.load(module)
    if key not in answers:
        pytest.fail(f"PyTorch's answer to {module}::{key} was never recorded: make oracle")
    return answers[key]


def _kept(module: str, key: str, answer: Any, tolerance: float) -> Any:
    """The answer already on file when the new one says the same: a recording changes only for a reason."""
    old = store.load(module)
    if key in old:
        try:
            assert_alike(answer, old[key], tolerance)
        except AssertionError:
            return answer
        return old[key]
    return answer
