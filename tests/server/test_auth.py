"""Who may call what: every method of gRPC, every route of REST, without a token, with a wrong one, with each kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from teletensor_protos import handshake
from teletensor_protos.v1 import worker_pb2 as pb
from teletensor_server import settings as settings_module
from teletensor_server.auth import Scope, Tokens, bearer
from teletensor_server.serve import WorkerProcess

CLIENT, ADMIN, READ = "client-" + "c" * 20, "admin-" + "a" * 20, "read-" + "r" * 20
WITHIN = 20.0
METHODS = [method.name for method in pb.DESCRIPTOR.services_by_name["Worker"].methods]
OPEN_ROUTES = {"/healthz", "/readyz"}


@pytest.fixture(scope="module")
def process() -> Iterator[WorkerProcess]:
    given = {"port": 0, "admin_port": 0, "device": "cpu", "token": CLIENT, "admin_token": ADMIN, "read_token": READ}
    settings = settings_module.load(**given)
    running = WorkerProcess(settings, settings.tokens())
    yield running
    running.drain()


@pytest.fixture(scope="module")
def channel(process: WorkerProcess) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(process.grpc_address) as opened:
        yield opened


def call(channel: grpc.Channel, method: str, *authorization: Any, data: bytes = b"") -> grpc.StatusCode:
    """How a call with one message ends, whatever kind of method it is."""
    metadata = [("authorization", value) for value in authorization]
    stream = channel.stream_stream(f"/teletensor.v1.Worker/{method}")
    try:
        list(stream(iter([data]), metadata=metadata, timeout=WITHIN))
    except grpc.RpcError as error:
        code: grpc.StatusCode = error.code()
        return code
    return grpc.StatusCode.OK


# -- gRPC --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [*METHODS, "NoSuchMethod"])
@pytest.mark.parametrize(
    "authorization",
    [(), ("",), ("Bearer",), ("Bearer ",), ("Bearer wrong",), (f"Basic {CLIENT}",), (CLIENT,), (f"Bearer {READ}",),
     (f"Bearer {ADMIN}",), (f"Bearer {CLIENT}x",), ("Bearer wrong", f"Bearer {CLIENT}")],
    ids=lambda a: " and ".join(a)[:30] or "none",
)  # fmt: skip
def test_every_method_wants_the_clients_token(
    channel: grpc.Channel, method: str, authorization: tuple[str, ...]
) -> None:
    assert call(channel, method, *authorization) is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_clients_token_lets_in(channel: grpc.Channel, method: str, scheme: str) -> None:
    data = b"\xff\xff" if method == "Open" else b""
    assert call(channel, method, f"{scheme} {CLIENT}", data=data) not in (
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.UNIMPLEMENTED,
    )


def test_a_method_that_does_not_exist(channel: grpc.Channel) -> None:
    assert call(channel, "NoSuchMethod", f"Bearer {CLIENT}") is grpc.StatusCode.UNIMPLEMENTED


def test_health_needs_no_token_and_tells_status_only(channel: grpc.Channel) -> None:
    stub = health_pb2_grpc.HealthStub(channel)
    for service in ("", "teletensor.v1.Worker"):
        answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=WITHIN)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError) as caught:
        stub.Check(health_pb2.HealthCheckRequest(service="other"), timeout=WITHIN)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_a_stranger_who_waits_gets_an_answer_at_once(channel: grpc.Channel) -> None:
    """The refusal does not wait for a first message, which may never come."""
    stream = channel.stream_stream("/teletensor.v1.Worker/Commands")

    def never() -> Iterator[bytes]:
        yield from iter(endless.get, None)

    import queue

    endless: queue.SimpleQueue[Any] = queue.SimpleQueue()
    with pytest.raises(grpc.RpcError) as caught:
        next(stream(never(), timeout=WITHIN))
    endless.put(None)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_a_session_is_of_no_use_without_the_token(channel: grpc.Channel, process: WorkerProcess) -> None:
    session = process.worker.open("a")
    request = pb.CloseRequest(session=session.id).SerializeToString()
    assert call(channel, "Close", data=request) is grpc.StatusCode.UNAUTHENTICATED
    assert process.worker.session(session.id) is session
    process.worker.close(session.id)


# -- REST --------------------------------------------------------------------------------------------------------------


def routes(process: WorkerProcess) -> list[tuple[str, str]]:
    """Every method and path that the admin service has."""
    headers = {"Authorization": f"Bearer {ADMIN}"}
    paths = httpx.get(process.admin_url + "/openapi.json", headers=headers).json()["paths"]
    listed = [(method.upper(), path) for path, methods in paths.items() for method in methods]
    return [*listed, ("GET", "/openapi.json")]


def ask(process: WorkerProcess, method: str, path: str, authorization: str | None) -> httpx.Response:
    headers = {} if authorization is None else {"Authorization": authorization}
    url = process.admin_url + path.replace("{session_id}", "A" * 24)
    return httpx.request(method, url, headers=headers, timeout=WITHIN)


def test_the_sweep_below_sees_every_route(process: WorkerProcess) -> None:
    found = {path for _, path in routes(process)}
    assert found >= {"/v1/status", "/v1/sessions", "/v1/sessions/{session_id}", "/v1/devices", "/metrics", "/healthz"}
    assert ("DELETE", "/v1/sessions/{session_id}") in routes(process)


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer wrong", f"Basic {ADMIN}", ADMIN, f"Bearer {CLIENT}", f"Bearer {ADMIN}x"],
    ids=lambda a: str(a)[:20],
)
def test_every_route_but_the_probes_wants_a_token(process: WorkerProcess, authorization: str | None) -> None:
    for method, path in routes(process):
        answer = ask(process, method, path, authorization)
        if path in OPEN_ROUTES:
            assert answer.status_code == 200
            continue
        assert answer.status_code == 401, (method, path)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_read_token_reads_and_does_nothing_else(process: WorkerProcess) -> None:
    for method, path in routes(process):
        answer = ask(process, method, path, f"Bearer {READ}")
        if method == "GET":
            assert answer.status_code in (200, 404), (method, path)
        else:
            assert answer.status_code == 403, (method, path)
            assert "admin token" in answer.json()["detail"]


def test_the_admin_token_does_everything(process: WorkerProcess) -> None:
    for method, path in routes(process):
        assert ask(process, method, path, f"Bearer {ADMIN}").status_code in (200, 204, 404), (method, path)


@pytest.mark.parametrize("path", ["/", "/v2", "/docs", "/redoc", "/v1", "/v1/session", "/metrics/", "/../etc/passwd"])
def test_routes_that_do_not_exist(process: WorkerProcess, path: str) -> None:
    answer = httpx.get(process.admin_url + path, timeout=WITHIN)
    assert answer.status_code in (404, 401, 307)
    assert "passwd" not in answer.text or answer.status_code == 404


def test_methods_that_a_route_does_not_have(process: WorkerProcess) -> None:
    answer = httpx.post(process.admin_url + "/v1/status", headers={"Authorization": f"Bearer {ADMIN}"})
    assert answer.status_code == 405
    assert answer.headers["Content-Type"] == "application/problem+json"


# -- tokens ------------------------------------------------------------------------------------------------------------


def test_without_an_admin_token_the_clients_token_is_it() -> None:
    tokens = Tokens(CLIENT)
    assert tokens.scope(CLIENT) is Scope.ADMIN
    assert tokens.scope("other") is Scope.NONE
    assert not tokens.lets_in("")


def test_an_open_worker_answers_to_this_machines_names_only() -> None:
    settings = settings_module.load(port=0, admin_port=0, device="cpu", insecure_no_auth=True)
    running = WorkerProcess(settings, settings.tokens())
    try:
        url = running.admin_url + "/v1/status"
        assert httpx.get(url, timeout=WITHIN).status_code == 200
        rebound = httpx.get(url, headers={"Host": "evil.example"}, timeout=WITHIN)
        assert rebound.status_code == 403
        with grpc.insecure_channel(running.grpc_address) as channel:
            data = handshake.request("x").SerializeToString()
            assert call(channel, "Open", data=data) is grpc.StatusCode.OK
    finally:
        running.drain()


@pytest.mark.parametrize(
    ("header", "token"),
    [("Bearer abc", "abc"), ("bearer  abc ", "abc"), ("Basic abc", ""), ("abc", ""), ("", ""), ("Bearer", "")],
)
def test_authorization_headers(header: str, token: str) -> None:
    assert bearer(header) == token


def test_tokens_show_nothing_of_themselves() -> None:
    assert CLIENT not in repr(Tokens(CLIENT, ADMIN, READ))
