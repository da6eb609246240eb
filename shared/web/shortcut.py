"""The one address that must carry a storm, past the framework's routing.

Routing, dependencies and serialisation cost as much as the work on a message itself. The endpoint
stays an ordinary route as well: the document and other methods go through that one.
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.errors import HotlineError
from shared.web.measuring import ROUTE
from shared.web.problems import render_problem

Endpoint = Callable[[Request, str], Awaitable[Response]]


class Shortcut:
    """Pure ASGI: `POST {prefix}{name}` straight to its endpoint, all else onwards."""

    def __init__(self, app: ASGIApp, prefix: str, endpoint: Endpoint) -> None:
        self.app = app
        self._prefix = prefix
        self._route = f"{prefix}/{{name}}"
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        prefix, _, name = scope["path"].rpartition("/")
        if prefix != self._prefix or not name:
            await self.app(scope, receive, send)
            return
        scope[ROUTE] = self._route
        request = Request(scope, receive, send)
        try:
            response = await self._endpoint(request, name)
        except HotlineError as error:
            response = await render_problem(request, error)
        await response(scope, receive, send)
