"""RFC 9457: one shape for every failure a client may see."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from shared.errors import ErrorKind, HotlineError
from shared.web.measuring import ROUTE, UNKNOWN
from shared.web.tracing import trace_id

log = logging.getLogger(__name__)

STATUS_BY_KIND: Mapping[ErrorKind, int] = MappingProxyType(
    {
        ErrorKind.UNAUTHENTICATED: 401,
        ErrorKind.FORBIDDEN: 403,
        ErrorKind.NOT_FOUND: 404,
        ErrorKind.CONFLICT: 409,
        ErrorKind.TOO_SLOW: 408,
        ErrorKind.STALE: 412,
        ErrorKind.TOO_LARGE: 413,
        ErrorKind.UNSUPPORTED: 415,
        ErrorKind.INVALID: 422,
        ErrorKind.TOO_MANY: 429,
        ErrorKind.UNAVAILABLE: 503,
        ErrorKind.TIMEOUT: 504,
    }
)
TITLES: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        400: ("invalid", "请求格式有误"),
        404: ("not-found", "没有找到"),
        405: ("method-not-allowed", "此地址不支持该请求方法"),
        413: ("too-large", "请求过大"),
        500: ("internal", "系统内部错误，已记录，请稍后再试"),
    }
)
RETRY_SECONDS = 5
MEDIA_TYPE = "application/problem+json"


def problem_body(error: HotlineError, status: int, instance: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": f"/problems/{error.code}",
        "title": error.title,
        "status": status,
        "detail": error.detail,
        "instance": instance,
    }
    if error.errors:
        body["errors"] = list(error.errors)
    return body | error.extra


def route_of(request: Request) -> str:
    """By its template, never by its address: whoever asked may have put anything there."""
    route = request.scope.get(ROUTE) or getattr(request.scope.get("route"), "path", UNKNOWN)
    return f"{request.method} {route}"


def answer(body: Mapping[str, Any], status: int, *, retry_after: int | None = None) -> Response:
    headers = {}
    if status in (429, 503):
        headers["Retry-After"] = str(retry_after or RETRY_SECONDS)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(orjson.dumps(body), status, headers, MEDIA_TYPE)


async def render_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HotlineError)
    status = STATUS_BY_KIND[error.kind]
    if status >= 500:
        log.warning("request failed", extra={"code": error.code, "route": route_of(request)})
    body = problem_body(error, status, trace_id(request.scope))
    return answer(body, status, retry_after=getattr(error, "retry_after", None))


async def render_http_exception(request: Request, error: Exception) -> Response:
    """The framework's own refusals: unknown address, wrong method."""
    assert isinstance(error, HTTPException)
    status = error.status_code
    slug, title = TITLES.get(status, ("invalid", HTTPStatus(status).phrase))
    body = {
        "type": f"/problems/{slug}",
        "title": title,
        "status": status,
        "detail": title,
        "instance": trace_id(request.scope),
    }
    rendered = answer(body, status)
    rendered.headers.update(error.headers or {})
    return rendered


async def render_validation_error(request: Request, error: Exception) -> Response:
    """What the framework finds wrong with a query or path."""
    assert isinstance(error, RequestValidationError)
    errors = [
        {
            "pointer": "/" + "/".join(str(part) for part in one["loc"][1:]),
            "message": "参数不正确",
        }
        for one in error.errors()
    ]
    body = {
        "type": "/problems/invalid",
        "title": "请求内容有误",
        "status": 422,
        "detail": "参数不正确：" + "、".join(one["pointer"].strip("/") for one in errors),
        "instance": trace_id(request.scope),
        "errors": errors,
    }
    return answer(body, 422)


async def render_unexpected(request: Request, error: Exception) -> Response:
    """Never a stack trace, never a caller's data: the log has the one, the database the other."""
    log.error(
        "unexpected error",
        extra={"route": route_of(request), "kind": type(error).__name__},
        exc_info=error,
    )
    slug, title = TITLES[500]
    body = {
        "type": f"/problems/{slug}",
        "title": title,
        "status": 500,
        "detail": title,
        "instance": trace_id(request.scope),
    }
    return answer(body, 500)


def render_problems(app: FastAPI) -> None:
    app.add_exception_handler(HotlineError, render_problem)
    app.add_exception_handler(HTTPException, render_http_exception)
    app.add_exception_handler(RequestValidationError, render_validation_error)
    app.add_exception_handler(Exception, render_unexpected)
