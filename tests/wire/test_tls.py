"""TLS and mutual TLS, over gRPC and REST, and what a client says when they do not fit."""

from __future__ import annotations

import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import teletensor as tt
import trustme
from teletensor_core.errors import ArgumentError, AuthenticationError, ConnectFailedError

from tests.workers import WorkerProcess


@dataclass
class Certificates:
    """PEM files: an authority, a server and a client that it vouches for, and another authority."""

    ca: Path
    other_ca: Path
    server_cert: Path
    server_key: Path
    client_cert: Path
    client_key: Path


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("tls")
    made = Certificates(*(folder / f"{name}.pem" for name in Certificates.__annotations__))
    authority = trustme.CA()
    authority.cert_pem.write_to_path(made.ca)
    trustme.CA().cert_pem.write_to_path(made.other_ca)
    for cert, key, identity in (
        (made.server_cert, made.server_key, "127.0.0.1"),
        (made.client_cert, made.client_key, "someone@example.org"),
    ):
        issued = authority.issue_cert(identity, *(["localhost"] if identity[0] == "1" else []))
        issued.private_key_pem.write_to_path(key)
        cert.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    return made


@pytest.fixture(scope="module")
def tls_worker(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    options = ("--tls-cert", str(certificates.server_cert), "--tls-key", str(certificates.server_key))
    with WorkerProcess(tmp_path_factory.mktemp("worker"), *options) as running:
        yield running


@pytest.fixture(scope="module")
def mtls_worker(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    options = ("--tls-cert", str(certificates.server_cert), "--tls-key", str(certificates.server_key))
    options += ("--tls-client-ca", str(certificates.ca))
    with WorkerProcess(tmp_path_factory.mktemp("worker"), *options) as running:
        yield running


def test_a_session_over_tls(tls_worker: WorkerProcess, certificates: Certificates) -> None:
    with tt.connect(tls_worker.grpc, token=tls_worker.token, tls_ca=certificates.ca) as session:
        x = tt.ones(3)
        assert (x + 1).tolist() == [2, 2, 2]
        assert len(b"".join(session.export_state({"x": x._ref}))) > 12


def test_tls_still_wants_the_token(tls_worker: WorkerProcess, certificates: Certificates) -> None:
    with pytest.raises(AuthenticationError):
        tt.connect(tls_worker.grpc, tls_ca=certificates.ca)


def test_the_authority_from_the_environment(
    tls_worker: WorkerProcess, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELETENSOR_TLS_CA", str(certificates.ca))
    with tt.connect(tls_worker.grpc, token=tls_worker.token):
        assert tt.ones(1).item() == 1


def test_a_certificate_of_another_authority(tls_worker: WorkerProcess, certificates: Certificates) -> None:
    with pytest.raises(ConnectFailedError, match="not signed by the authority in tls_ca"):
        tt.connect(tls_worker.grpc, token=tls_worker.token, tls_ca=certificates.other_ca)


def test_a_client_without_tls(tls_worker: WorkerProcess) -> None:
    with pytest.raises(ConnectFailedError, match="may want TLS; give tls_ca"):
        tt.connect(tls_worker.grpc, token=tls_worker.token)


def test_a_worker_without_tls(worker: WorkerProcess, certificates: Certificates) -> None:
    with pytest.raises(ConnectFailedError, match="speaks no TLS; leave out tls_ca"):
        tt.connect(worker.grpc, token=worker.token, tls_ca=certificates.ca)


def test_mutual_tls(mtls_worker: WorkerProcess, certificates: Certificates) -> None:
    pair = {"tls_cert": certificates.client_cert, "tls_key": certificates.client_key}
    with tt.connect(mtls_worker.grpc, token=mtls_worker.token, tls_ca=certificates.ca, **pair):
        assert tt.ones(1).item() == 1


def test_mutual_tls_without_a_certificate(mtls_worker: WorkerProcess, certificates: Certificates) -> None:
    with pytest.raises(ConnectFailedError, match="give tls_cert and tls_key"):
        tt.connect(mtls_worker.grpc, token=mtls_worker.token, tls_ca=certificates.ca)


@pytest.mark.parametrize("given", [{"tls_cert": "c.pem"}, {"tls_key": "k.pem"}, {"tls_cert": "c", "tls_key": "k"}])
def test_halves_of_a_tls_setup(given: dict[str, str], certificates: Certificates) -> None:
    with pytest.raises(ArgumentError, match="TLS takes tls_ca, and both"):
        tt.connect("127.0.0.1:1", **given)  # type: ignore[arg-type]


def test_files_that_are_not_there() -> None:
    with pytest.raises(ArgumentError, match=r"cannot read /nonexistent/ca\.pem"):
        tt.connect("127.0.0.1:1", tls_ca="/nonexistent/ca.pem")


def test_rest_over_tls(tls_worker: WorkerProcess, certificates: Certificates) -> None:
    assert tls_worker.admin.startswith("https://")
    context = ssl.create_default_context(cafile=str(certificates.ca))
    assert httpx.get(tls_worker.admin + "/healthz", verify=context).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(tls_worker.admin + "/healthz", verify=ssl.create_default_context(cafile=str(certificates.other_ca)))


def test_rest_over_mutual_tls(mtls_worker: WorkerProcess, certificates: Certificates) -> None:
    context = ssl.create_default_context(cafile=str(certificates.ca))
    with pytest.raises(httpx.HTTPError):
        httpx.get(mtls_worker.admin + "/healthz", verify=context)
    context.load_cert_chain(certificates.client_cert, certificates.client_key)
    assert httpx.get(mtls_worker.admin + "/healthz", verify=context).status_code == 200


def test_status_over_tls(tls_worker: WorkerProcess, certificates: Certificates) -> None:
    token = str(tls_worker.folder / "token")
    command = [sys.executable, "-m", "teletensor", "status", tls_worker.admin, "--token-file", token, "--quiet"]
    assert subprocess.run([*command, "--tls-ca", str(certificates.ca)], timeout=60).returncode == 0
    assert subprocess.run([*command, "--tls-ca", str(certificates.other_ca)], timeout=60).returncode == 1
