"""The admin service: what it tells of a worker, page by page, and how it ends sessions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import teletensor as tt
from prometheus_client.parser import text_string_to_metric_families
from teletensor.remote import RemoteSession
from teletensor_server.serve import WorkerProcess

from tests.wire.inside import TOKEN, connect, serving


@pytest.fixture(scope="module")
def process() -> Iterator[WorkerProcess]:
    with serving() as running:
        yield running


@pytest.fixture
def on(process: WorkerProcess) -> Iterator[RemoteSession]:
    with connect(process) as session:
        yield session


def get(process: WorkerProcess, path: str, expected: int = 200, **query: Any) -> Any:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = httpx.get(process.admin_url + path, headers=headers, params=query, timeout=20)
    assert answer.status_code == expected, answer.text
    return answer.json() if "json" in answer.headers["Content-Type"] else answer.text


# -- overview ----------------------------------------------------------------------------------------------------------


def test_health_and_readiness() -> None:
    with serving() as process:
        assert get(process, "/healthz") == {"status": "ok"}
        assert get(process, "/readyz") == {"status": "ready"}
        process.worker.drain()
        assert get(process, "/healthz") == {"status": "ok"}
        assert get(process, "/readyz", 503) == {"status": "draining"}
        assert get(process, "/v1/status")["draining"] is True


def test_status(process: WorkerProcess, on: RemoteSession) -> None:
    before = get(process, "/v1/status")
    x = tt.ones(1000)
    (x + 1).tolist()
    after = get(process, "/v1/status")
    assert after["sessions"] == 1
    assert after["device"] == "cpu"
    assert after["tensor_bytes"] >= before["tensor_bytes"] + 4_000
    assert after["ops"] >= before["ops"] + 2
    assert after["bytes_received"] > before["bytes_received"]
    assert after["bytes_sent"] >= before["bytes_sent"] + 4_000
    assert after["uptime_seconds"] >= before["uptime_seconds"] >= 0
    assert after["resident_bytes"] > 10_000_000


def test_refused_calls_are_counted(process: WorkerProcess) -> None:
    before = get(process, "/v1/status")["errors"]
    with connect(process) as session, pytest.raises(RuntimeError, match="header"):
        session.import_state(["a"], [b"\xff" * 9])
    assert get(process, "/v1/status")["errors"] == before + 1


def test_devices(process: WorkerProcess) -> None:
    (device,) = get(process, "/v1/devices")["devices"]
    assert device["device"] == "cpu"
    assert device["allocated"] > 0


def test_metrics_are_prometheus_text(process: WorkerProcess, on: RemoteSession) -> None:
    tt.ones(1000).tolist()
    families = {family.name: family for family in text_string_to_metric_families(get(process, "/metrics"))}
    assert families, "nothing was parsed"
    assert all(name.startswith(("teletensor_", "process_", "python_")) for name in families)
    samples = {sample.name: sample.value for family in families.values() for sample in family.samples}
    assert samples["teletensor_sessions"] == 1
    assert samples["teletensor_ops_total"] >= 1
    labels = {label for family in families.values() for sample in family.samples for label in sample.labels}
    assert not labels & {"session", "session_id", "tensor", "handle"}


# -- sessions ----------------------------------------------------------------------------------------------------------


def test_a_session(process: WorkerProcess, on: RemoteSession) -> None:
    x = tt.zeros(256)
    x.tolist()
    told = get(process, f"/v1/sessions/{on.id}")
    assert told["connected"] is True
    assert told["device"] == "cpu"
    assert "Python" in told["client"]
    assert told["bytes"] == 1024
    assert told["tensors"] >= 1
    assert told["created"] <= told["last_active"]


def test_tensors_with_the_lines_that_made_them(process: WorkerProcess, on: RemoteSession) -> None:
    a = tt.zeros(3, 4, dtype=tt.float64, requires_grad=True)
    b = a[0]
    on.synchronize()
    first, second = get(process, f"/v1/sessions/{on.id}/tensors")["tensors"]
    assert (first["shape"], first["dtype"], first["bytes"], first["requires_grad"]) == ([3, 4], "float64", 96, True)
    assert (second["shape"], second["bytes"]) == ([4], 0), "a view owns nothing"
    for told in (first, second):
        assert "test_admin.py:" in told["location"]
        assert 0 <= told["age_seconds"] < 60
    assert first["handle"] == a._ref
    assert second["handle"] == b._ref


def pages(process: WorkerProcess, path: str, key: str, size: int) -> list[list[Any]]:
    found, token = [], ""
    while True:
        page = get(process, path, page_size=size, page_token=token)
        found.append(page[key])
        token = page["next_page_token"]
        if not token:
            return found


def test_sessions_by_pages(process: WorkerProcess) -> None:
    sessions = [connect(process, default_device="cpu") for _ in range(5)]
    try:
        found = pages(process, "/v1/sessions", "sessions", 2)
        assert [len(page) for page in found] == [2, 2, 1]
        assert [told["id"] for page in found for told in page] == [session.id for session in sessions]
    finally:
        for session in sessions:
            session.close()


def test_tensors_by_pages_while_some_go_away(process: WorkerProcess, on: RemoteSession) -> None:
    held = [tt.zeros(i + 1) for i in range(25)]
    on.synchronize()
    path = f"/v1/sessions/{on.id}/tensors"
    first = get(process, path, page_size=10)
    on.release(held[3]._ref)
    on.synchronize()
    second = get(process, path, page_size=10, page_token=first["next_page_token"])
    assert [t["shape"] for t in second["tensors"]] == [[i + 1] for i in range(10, 20)]


@pytest.mark.parametrize("query", [{"page_size": 0}, {"page_size": 101}, {"page_size": "x"}, {"page_token": "!!!"}])
def test_pages_that_are_none(process: WorkerProcess, query: dict[str, Any]) -> None:
    problem = get(process, "/v1/sessions", 422, **query)
    assert problem["status"] == 422
    assert problem["title"]
    assert problem["detail"]


@pytest.mark.parametrize("token", ["bnVsbA", "WzFd", "W10", "eyJ9", "WyJhIiwgMV0", "W1tbXV1d", "A" * 600])
def test_page_tokens_that_no_page_gave(process: WorkerProcess, token: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = httpx.get(process.admin_url + "/v1/sessions", headers=headers, params={"page_token": token})
    assert answer.status_code in (200, 422)


def test_sessions_that_are_not_there(process: WorkerProcess) -> None:
    problem = get(process, "/v1/sessions/" + "A" * 24, 404)
    assert problem["title"] == "Not Found"
    assert problem["instance"] == "/v1/sessions/" + "A" * 24
    assert get(process, "/v1/sessions/" + "A" * 24 + "/tensors", 404)["status"] == 404
    assert get(process, "/v1/sessions/with%20space", 422)["errors"]
    assert get(process, "/v1/sessions/" + "A" * 65, 422)["errors"]


def test_deleting_a_session(process: WorkerProcess) -> None:
    session = connect(process, default_device="cpu")
    x = tt.ones(1000, device=session.device)
    session.synchronize()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    url = f"{process.admin_url}/v1/sessions/{session.id}"
    assert httpx.delete(url, headers=headers).status_code == 204
    assert httpx.delete(url, headers=headers).status_code == 404
    with pytest.raises(LookupError, match="administrator"):
        x.tolist()
    with pytest.raises(LookupError):
        session.close()


def test_unknown_routes_are_problems_too(process: WorkerProcess) -> None:
    problem = get(process, "/v1/nothing", 404)
    assert set(problem) >= {"type", "title", "status", "detail", "instance"}


def test_a_defect_is_a_problem_without_details(process: WorkerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("a path: /secret/place")

    monkeypatch.setattr(process.worker, "device_infos", fail)
    problem = get(process, "/v1/devices", 500)
    assert "secret" not in str(problem)
    assert problem["detail"] == "internal error, see the worker's log"


def test_the_openapi_document_names_every_operation(process: WorkerProcess) -> None:
    document = get(process, "/openapi.json")
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert all(operation["operationId"] and operation["description"] for operation in operations)
    assert len({operation["operationId"] for operation in operations}) == len(operations)
