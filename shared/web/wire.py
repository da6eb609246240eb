"""HTTP as it comes over the wire: a head that is too long, or never ends, is not waited for.

The server behind it limits neither, and in front of it there need not be anybody who does.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD = 65_536
HEAD_SECONDS = 10.0
TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class BoundedProtocol(HttpToolsProtocol):
    """Counts what comes until a head is whole, and how long that takes."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._head = 0
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._patience is not None:
            self._head += len(data)
            # What is beyond one reading of the socket is a body's where the head was whole.
            if self._head - len(data) > MAX_HEAD:
                self.transport.write(TOO_LONG)
                self.transport.close()
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._wait()

    def on_headers_complete(self) -> None:
        self._wait_no_more()
        super().on_headers_complete()

    def _wait(self) -> None:
        if self._patience is None:
            self._head = 0
            self._patience = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _wait_no_more(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._patience = None
        before = getattr(self, "cycle", None)  # none before the first request
        if before is not None and not before.response_complete:
            self._wait()  # somebody still waits for the answer to what came before
        elif not self.transport.is_closing():
            self.transport.close()
