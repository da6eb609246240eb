"""How many requests, how they ended, how long they took: by route, never by address."""

import time
from collections.abc import MutableMapping
from typing import Any

from prometheus_client import CollectorRegistry, Histogram
from starlette.types import ASGIApp, Receive, Scope, Send

ROUTE = "minhu.route"
UNKNOWN = "unknown"
BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Measures:
    """One per process; told by `GET /metrics`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._seconds = Histogram(
            "minhu_request_seconds",
            "请求用时（秒），按方法、路由、状态",
            ["method", "route", "status"],
            buckets=BUCKETS,
            registry=self.registry,
        )

    def note(self, scope: Scope, status: int, seconds: float) -> None:
        route = scope.get(ROUTE) or getattr(scope.get("route"), "path", UNKNOWN)
        self._seconds.labels(scope["method"], route, str(status)).observe(seconds)


class Measured:
    """Pure ASGI: a request counts once its answer begins, under the template of its route."""

    def __init__(self, app: ASGIApp, measures: Measures) -> None:
        self.app = app
        self._measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()

        async def send_and_note(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                self._measures.note(scope, message["status"], time.perf_counter() - began)
            await send(message)

        await self.app(scope, receive, send_and_note)
