"""This service's part of the worker: its clients bound to what they need."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from services.intake.actions.pulls import Puller
from services.intake.clients.lists import Platforms
from services.intake.clients.platform import open_client, send_state_change
from shared.identity.sources import SourceStore
from shared.tickets import Hotline
from shared.worker.callbacks import Sender
from shared.worker.process import Sweep


@asynccontextmanager
async def open_sender(hotline: Hotline) -> AsyncIterator[Sender]:
    sources = SourceStore(hotline.database, hotline.keyring)
    async with open_client() as client:
        yield partial(send_state_change, client=client, sources=sources)


@asynccontextmanager
async def open_sweeps(hotline: Hotline) -> AsyncIterator[Sequence[Sweep]]:
    """Platforms' lists, pulled every day, and requests to push a message again."""
    sources = SourceStore(hotline.database, hotline.keyring)
    async with open_client() as client:
        yield (Puller(Platforms(client), sources).sweep,)
