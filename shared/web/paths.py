"""Addresses that can name nothing."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.web.problems import render_http_exception


class CleanPaths:
    """Pure ASGI: an address with U+0000 in it is not found, before anything looks for it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and "\0" in scope["path"]:
            answer = await render_http_exception(Request(scope), HTTPException(404))
            await answer(scope, receive, send)
            return
        await self.app(scope, receive, send)
