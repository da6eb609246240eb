"""Rate limits: of a key, of a platform, of an address, and of an address's failures.

An address that keeps failing is not shut out with everybody behind it: whoever shows a token or a
signature that opens goes on, nothing is looked up for the others, and they get no further answer.
"""

import asyncio
import contextlib
import ipaddress
import logging
import math
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Request
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import ErrorKind, HotlineError
from shared.settings import Settings
from shared.web.counting import Counter, Tally
from shared.web.origin import client_of
from shared.web.problems import render_problem

log = logging.getLogger(__name__)

SHARE_SECONDS = 0.2
TROUBLE_SECONDS = 1.0
SPARED = ("/livez", "/readyz", "/metrics")
SHOWN = (b"authorization", b"webhook-signature")
SUSPECTED = "minhu.suspected"
KNOWN = "minhu.known"
HOME_BITS = 64  # of IPv6, one customer has so many addresses


class TooManyRequests(HotlineError):
    kind = ErrorKind.TOO_MANY
    code = "too-many-requests"
    title = "请求过多，请稍后再试"

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.retry_after = max(1, math.ceil(seconds))


class Limits:
    """`tally` adds up what several processes count; without Redis each holds to its own count."""

    def __init__(self, settings: Settings, tally: Tally) -> None:
        self.settings = settings
        self.counter = Counter()
        self._tally = tally

    def check(self, subject: str, limit: int) -> None:
        seconds = self.counter.admit(subject, limit)
        if seconds:
            raise TooManyRequests(seconds)

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._share())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await self._tally.close()

    async def _share(self) -> None:
        while True:
            is_shared = await self.counter.share(self._tally)
            await asyncio.sleep(SHARE_SECONDS if is_shared else TROUBLE_SECONDS)


def admit_key(request: Request, key_id: str) -> None:
    """For a token that opens. Raises TooManyRequests."""
    _admit(request, f"key:{key_id}", "limit_key")


def admit_source(request: Request, bureau: int, name: str) -> None:
    """For a platform that has signed. Raises TooManyRequests."""
    _admit(request, f"source:{bureau}:{name}", "limit_source")


def _admit(request: Request, subject: str, limit: str) -> None:
    request.scope[KNOWN] = True
    limits: Limits | None = getattr(request.app.state, "limits", None)
    if limits is not None:
        limits.check(subject, getattr(limits.settings, limit))


def is_suspected(request: HTTPConnection) -> bool:
    """Whether its address has failed too often of late: nobody is looked up for it."""
    return bool(request.scope.get(SUSPECTED))


def home_of(request: HTTPConnection) -> str:
    """The address as it is counted."""
    address = client_of(request)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, HOME_BITS), strict=False))
    return "unknown" if address is None else str(address)


class Limited:
    """Pure ASGI, around everything else: counts by address, and turns failures into 429."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in SPARED:
            await self.app(scope, receive, send)
            return
        settings, counter = self._limits.settings, self._limits.counter
        home = home_of(HTTPConnection(scope))
        failures = f"failures:{home}"
        seconds = counter.admit(f"address:{home}", settings.limit_address)
        suspected = counter.wait(failures, settings.limit_failures)
        if suspected and not any(name in SHOWN for name, _ in scope["headers"]):
            seconds = seconds or suspected
        if seconds:
            await refuse(seconds, scope, receive, send)
            return
        scope[SUSPECTED] = bool(suspected)
        is_refused = False

        async def send_counted(message: MutableMapping[str, Any]) -> None:
            nonlocal is_refused
            if message["type"] == "http.response.start" and is_failure(scope, message["status"]):
                is_refused = bool(counter.admit(failures, settings.limit_failures))
                if is_refused:
                    wait = counter.wait(failures, settings.limit_failures)
                    await refuse(wait, scope, receive, send)
            if not is_refused:
                await send(message)

        await self.app(scope, receive, send_counted)


def is_failure(scope: Scope, status: int) -> bool:
    return 400 <= status < 500 and not scope.get(KNOWN)


async def refuse(seconds: float, scope: Scope, receive: Receive, send: Send) -> None:
    answer = await render_problem(Request(scope), TooManyRequests(seconds))
    await answer(scope, receive, send)
