"""This service's part of the worker: its clients bound to what they need."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from services.intake.clients.platform import open_client, send_state_change
from shared.identity.sources import SourceStore
from shared.tickets import Hotline
from shared.worker.callbacks import Sender


@asynccontextmanager
async def open_sender(hotline: Hotline) -> AsyncIterator[Sender]:
    sources = SourceStore(hotline.database, hotline.keyring)
    async with open_client() as client:
        yield partial(send_state_change, client=client, sources=sources)
