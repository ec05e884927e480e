"""The admin service: what a worker does and holds, over REST. It shows everything about tensors but their elements."""

from __future__ import annotations

import os
import time
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Path, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel

from teletensor_server import metrics, paging, problems, selftest
from teletensor_server.auth import Scope, Tokens, require
from teletensor_server.info import SessionInfo, TensorInfo
from teletensor_server.worker import Worker

SessionId = Annotated[str, Path(min_length=1, max_length=64, pattern="^[A-Za-z0-9_-]+$", description="Its id.")]
_VERSION = version("teletensor")
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class State(BaseModel):
    """Whether the worker lives, or is ready for sessions."""

    status: str


class Status(BaseModel):
    """The worker at a glance. `ops`, `bytes_received`, `bytes_sent` and `errors` count since it started.

    `gpu_self_test` is "no GPU", "not run", "passed" or "failed: ops"; see `teletensor selftest`. `cuda_graphs` is "no
    GPU", "off", or "on" with how many were captured and launched, and why what is launched one by one is.
    """

    version: str
    device: str
    device_name: str
    library: str
    gpu_self_test: str
    cuda_graphs: str
    pid: int
    uptime_seconds: float
    draining: bool
    sessions: int
    max_sessions: int
    tensors: int
    tensor_bytes: int
    sessions_opened: int
    ops: int
    bytes_received: int
    bytes_sent: int
    errors: int
    resident_bytes: int


class SessionPage(BaseModel):
    """Some sessions, oldest first."""

    sessions: list[SessionInfo]
    next_page_token: str


class TensorPage(BaseModel):
    """Some tensors of a session, by handle."""

    tensors: list[TensorInfo]
    next_page_token: str


class Devices(BaseModel):
    """The devices, each with its name and what is known of its memory, in bytes."""

    devices: list[dict[str, Any]]


def create_app(worker: Worker, tokens: Tokens) -> FastAPI:
    """The admin service of a worker."""
    app = FastAPI(
        title="teletensor worker", version=version("teletensor"), docs_url=None, redoc_url=None, openapi_url=None
    )
    problems.install(app)
    reader = APIRouter(dependencies=[Depends(require(tokens, Scope.READ))], responses=problems.RESPONSES)
    admin = APIRouter(dependencies=[Depends(require(tokens, Scope.ADMIN))], responses=problems.RESPONSES)
    app.include_router(_probes(worker))
    _add_overview(reader, worker)
    _add_sessions(reader, worker)
    _add_eviction(admin, worker)

    @reader.get("/openapi.json", include_in_schema=False)
    def openapi() -> dict[str, Any]:
        return app.openapi()

    app.include_router(reader)
    app.include_router(admin)
    return app


def _probes(worker: Worker) -> APIRouter:
    router = APIRouter(tags=["probes"])

    @router.get("/healthz", operation_id="healthz")
    def healthz() -> State:
        """The worker lives. Needs no token."""
        return State(status="ok")

    @router.get("/readyz", operation_id="readyz", response_model=State, responses={503: {"model": State}})
    def readyz() -> Response:
        """Whether the worker takes new sessions: 200, or 503 while it shuts down. Needs no token."""
        if worker.draining:
            return JSONResponse({"status": "draining"}, 503, headers={"Retry-After": "30"})
        return JSONResponse({"status": "ready"})

    return router


def _add_overview(router: APIRouter, worker: Worker) -> None:
    registry = metrics.create_registry(worker)

    @router.get("/v1/status", operation_id="getStatus", tags=["worker"])
    def status() -> Status:
        """The worker at a glance."""
        return worker_status(worker)

    @router.get("/v1/devices", operation_id="listDevices", tags=["worker"])
    def devices() -> Devices:
        """The devices that the worker computes on."""
        return Devices(devices=worker.device_infos())

    @router.get("/metrics", operation_id="getMetrics", tags=["worker"], response_class=PlainTextResponse)
    def prometheus() -> Response:
        """Metrics in Prometheus' text format."""
        return Response(metrics.render(registry), media_type=_METRICS_TYPE)


def _add_sessions(router: APIRouter, worker: Worker) -> None:
    @router.get("/v1/sessions", operation_id="listSessions", tags=["sessions"])
    def sessions(page_size: paging.PageSize = 50, page_token: paging.PageToken = "") -> SessionPage:
        """Open sessions, oldest first."""
        found, after = paging.page(worker.session_infos(), lambda s: (s.created, s.id), page_size, page_token)
        return SessionPage(sessions=found, next_page_token=after)

    @router.get("/v1/sessions/{session_id}", operation_id="getSession", tags=["sessions"])
    def session(session_id: SessionId) -> SessionInfo:
        """One session."""
        return worker.session(session_id).info()

    @router.get("/v1/sessions/{session_id}/tensors", operation_id="listTensors", tags=["sessions"])
    def tensors(
        session_id: SessionId, page_size: paging.PageSize = 50, page_token: paging.PageToken = ""
    ) -> TensorPage:
        """What a session holds: shapes, dtypes, bytes and the lines that made them."""
        found, after = paging.page(worker.tensor_infos(session_id), lambda t: (t.handle,), page_size, page_token)
        return TensorPage(tensors=found, next_page_token=after)


def _add_eviction(router: APIRouter, worker: Worker) -> None:
    @router.delete("/v1/sessions/{session_id}", operation_id="evictSession", tags=["sessions"], status_code=204)
    def evict(session_id: SessionId) -> Response:
        """End a session and free what it holds; its client gets an error. Needs the admin token."""
        worker.evict(session_id)
        return Response(status_code=204)


def worker_status(worker: Worker) -> Status:
    """The worker at a glance."""
    sessions, totals = worker.session_infos(), worker.totals()
    return Status(
        version=_VERSION,
        device=worker.device,
        device_name=worker.backend.device_name,
        library=worker.backend.library,
        gpu_self_test=selftest.recall(worker.device, worker.backend),
        cuda_graphs=worker.cuda_graphs,
        pid=os.getpid(),
        uptime_seconds=round(time.time() - worker.started, 3),
        draining=worker.draining,
        sessions=len(sessions),
        max_sessions=worker.max_sessions,
        tensors=sum(session.tensors for session in sessions),
        tensor_bytes=sum(session.bytes for session in sessions),
        sessions_opened=totals.sessions_opened,
        ops=totals.ops,
        bytes_received=totals.bytes_received,
        bytes_sent=totals.bytes_sent,
        errors=totals.errors,
        resident_bytes=metrics.resident_bytes(),
    )
