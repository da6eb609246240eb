"""A server that goes in good order: what is begun is finished, and nobody is cut off unawares.

A client that keeps its connection may be sending its next request at the very moment at which the
connection is closed, and would see it reset. So the last answer on each connection says
`Connection: close`; those that stay silent are closed after a moment, as they are when idle.
"""

import asyncio
import socket
import time

import uvicorn
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LINGER_SECONDS = 0.5
PAUSE_SECONDS = 0.02


class LastWord:
    """Pure ASGI: once `closing`, every answer is the last one on its connection."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.closing = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_last(message: Message) -> None:
            if self.closing and message["type"] == "http.response.start":
                MutableHeaders(scope=message)["connection"] = "close"
            await send(message)

        await self.app(scope, receive, send_last if scope["type"] == "http" else send)


class GracefulServer(uvicorn.Server):
    """`config.app` is a LastWord."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accepts nothing more: what is not accepted yet stays queued for the next process."""
        app = self.config.app
        assert isinstance(app, LastWord)
        app.closing = True
        for server in self.servers:
            server.close()
        until = time.monotonic() + LINGER_SECONDS
        while self.server_state.connections and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(PAUSE_SECONDS)
        await super().shutdown(sockets)
