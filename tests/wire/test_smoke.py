"""The shortest way from a call to a worker and back."""

from __future__ import annotations

import teletensor as tt
from teletensor.remote import RemoteSession


def test_a_tensor_computes_on_the_worker(session: RemoteSession) -> None:
    x = tt.arange(6).reshape(2, 3)
    assert x.device == session.device
    assert (x + 1).tolist() == [[1, 2, 3], [4, 5, 6]]


def test_the_default_device_comes_back_when_a_session_closes() -> None:
    assert tt.ones(1).device.type == "cpu"
