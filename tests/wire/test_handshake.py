"""The first message: who speaks what, and what to upgrade."""

from __future__ import annotations

import pytest
import teletensor as tt
import teletensor_core.ops  # noqa: F401  (fills the registry)
from teletensor.remote import RemoteSession
from teletensor_core.errors import ProtocolMismatchError
from teletensor_protos import handshake
from teletensor_protos.v1.worker_pb2 import OpenReply, OpenRequest

from tests.workers import WorkerProcess


def offer(oldest: int = 1, newest: int = 1, ops: str | None = None, software: str = "0.1.0") -> OpenRequest:
    found = handshake.fingerprint() if ops is None else ops
    return OpenRequest(oldest_version=oldest, newest_version=newest, op_fingerprint=found, software=software)


def test_the_newest_version_that_both_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshake, "OLDEST", 2)
    monkeypatch.setattr(handshake, "NEWEST", 5)
    assert handshake.agree(offer(1, 3)) == 3
    assert handshake.agree(offer(3, 9)) == 5
    assert handshake.agree(offer(5, 5)) == 5


def test_a_client_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshake, "OLDEST", 2)
    monkeypatch.setattr(handshake, "NEWEST", 5)
    monkeypatch.setattr(handshake, "software", lambda: "2.0.0")
    with pytest.raises(ProtocolMismatchError) as caught:
        handshake.agree(offer(1, 1))
    assert str(caught.value) == (
        "the client (teletensor 0.1.0) speaks protocol versions 1 to 1, the worker (teletensor 2.0.0) versions 2 to 5; "
        "upgrade the client"
    )


def test_a_worker_that_is_too_old() -> None:
    with pytest.raises(ProtocolMismatchError, match="upgrade the worker"):
        handshake.agree(offer(7, 9, software="3.0.0"))


@pytest.mark.parametrize(
    ("software", "advice"),
    [("9.0.0", "upgrade the worker"), ("0.0.1", "upgrade the client"), ("", "upgrade the client")],
)
def test_other_ops(software: str, advice: str) -> None:
    with pytest.raises(ProtocolMismatchError, match=f"have different ops; {advice}"):
        handshake.agree(offer(ops="0" * 16, software=software))


def test_other_ops_of_the_same_version() -> None:
    with pytest.raises(ProtocolMismatchError, match="install the same version on both sides"):
        handshake.agree(offer(ops="0" * 16, software=handshake.software()))


def test_a_range_that_is_none() -> None:
    with pytest.raises(ProtocolMismatchError):
        handshake.agree(offer(5, 0))


@pytest.mark.parametrize("wrong", [{"version": 7}, {"version": 0}, {"op_fingerprint": "0" * 16}])
def test_a_client_checks_what_the_worker_chose(wrong: dict[str, object]) -> None:
    honest = {"version": 1, "op_fingerprint": handshake.fingerprint(), "software": "9.0.0"}
    handshake.check(OpenReply(**honest))  # type: ignore[arg-type]
    with pytest.raises(ProtocolMismatchError, match="upgrade the client"):
        handshake.check(OpenReply(**{**honest, **wrong}))  # type: ignore[arg-type]


def test_a_mismatch_over_the_wire(worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshake, "fingerprint", lambda: "0123456789abcdef")
    with pytest.raises(ProtocolMismatchError, match="different ops"):
        tt.connect(worker.grpc, token=worker.token)
    assert tt.ones(1).device.type == "cpu"


def test_a_version_over_the_wire(worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshake, "OLDEST", 40)
    monkeypatch.setattr(handshake, "NEWEST", 41)
    with pytest.raises(ProtocolMismatchError, match="speaks protocol versions 40 to 41"):
        tt.connect(worker.grpc, token=worker.token)


def test_limits_are_told(session: RemoteSession) -> None:
    assert session.limits.message_bytes == 16 << 20
    assert session.limits.window_bytes == 64 << 20
    assert session.limits.window_commands == 65_536
    assert session.limits.tensors == 1_000_000
    assert session.limits.signatures == 65_536
    assert session.limits.session_bytes > 1 << 30
