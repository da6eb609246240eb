"""W3C trace context: `traceparent` is accepted, made when absent, and carried on."""

import re
import secrets
from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
KEY = "minhu.traceparent"
# An answer is for its asker alone, and what it says it is.
KEPT_BY_NOBODY = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


def traceparent(scope: MutableMapping[str, Any]) -> str:
    """The request's trace context; made on first asking where the caller sent none."""
    known = scope.get(KEY)
    if known is None:
        given = next((value for name, value in scope["headers"] if name == b"traceparent"), b"")
        known = given.decode("latin-1")
        if not TRACEPARENT.fullmatch(known):
            known = new_traceparent()
        scope[KEY] = known
    return str(known)


def trace_id(scope: MutableMapping[str, Any]) -> str:
    return traceparent(scope)[3:35]


def new_traceparent() -> str:
    drawn = secrets.token_hex(24)
    return f"00-{drawn[:32]}-{drawn[32:]}-01"


class TraceHeader:
    """Pure ASGI: answers carry the trace context of their request, and are kept by nobody."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        parent = traceparent(scope).encode()

        async def send_with_trace(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                own = (b"traceparent", parent)
                given = [*message.get("headers", ()), own]
                named = {name for name, _ in given}
                kept = [one for one in KEPT_BY_NOBODY if one[0] not in named]
                message["headers"] = [*given, *kept]
            await send(message)

        await self.app(scope, receive, send_with_trace)
