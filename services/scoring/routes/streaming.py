"""Long answers: few at a time, and not for a reader who has stopped reading."""

import asyncio
from collections.abc import AsyncGenerator, MutableMapping
from contextlib import aclosing
from typing import Any

from fastapi.responses import StreamingResponse
from starlette.types import Send

STALLED_SECONDS = 60.0


class Streamed(StreamingResponse):
    """Gives up on a reader who takes nothing for a minute: a snapshot is held open for him."""

    body_iterator: AsyncGenerator[str, None]

    async def stream_response(self, send: Send) -> None:
        async def send_soon(message: MutableMapping[str, Any]) -> None:
            async with asyncio.timeout(STALLED_SECONDS):
                await send(message)

        async with aclosing(self.body_iterator):
            await super().stream_response(send_soon)
