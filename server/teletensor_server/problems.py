"""Errors of the admin service as RFC 9457 problem details, whoever raised them."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from teletensor_core.errors import SessionNotFoundError

MEDIA_TYPE = "application/problem+json"
log = logging.getLogger(__name__)


class Problem(BaseModel):
    """What went wrong, as RFC 9457 lays it out. `errors` says which parameters are wrong, and how."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    errors: list[dict[str, str]] | None = None


# For the OpenAPI document: every route may answer with these.
RESPONSES: dict[int | str, dict[str, Any]] = {
    code: {"description": HTTPStatus(code).phrase, "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}}
    for code in (401, 403, 404, 422)
}


def problem(
    request: Request, status: int, detail: str, headers: Any = None, errors: list[dict[str, str]] | None = None
) -> JSONResponse:
    """A response that tells of a problem."""
    title = HTTPStatus(status).phrase
    body = Problem(title=title, status=status, detail=detail, instance=request.url.path, errors=errors)
    return JSONResponse(body.model_dump(exclude_none=True), status, headers=headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Have every error of `app` answered with a problem."""

    @app.exception_handler(HTTPException)
    def http_error(request: Request, error: HTTPException) -> JSONResponse:
        return problem(request, error.status_code, str(error.detail), error.headers)

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        errors = [{"parameter": ".".join(map(str, e["loc"])), "message": str(e["msg"])} for e in error.errors()]
        detail = "; ".join(f"{e['parameter']}: {e['message']}" for e in errors)
        return problem(request, 422, detail, errors=errors)

    @app.exception_handler(SessionNotFoundError)
    def no_session(request: Request, error: SessionNotFoundError) -> JSONResponse:
        return problem(request, 404, str(error))

    @app.exception_handler(Exception)
    def defect(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return problem(request, 500, "internal error, see the worker's log")
