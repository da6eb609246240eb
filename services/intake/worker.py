"""This service's part of the worker: the platforms' mailbox, and their lists."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from services.intake.actions.pulls import Puller
from services.intake.clients.lists import Platforms
from services.intake.clients.platform import PlatformMailbox
from shared.identity.sources import SourceStore
from shared.outgoing import open_client, reach_of
from shared.tickets import Hotline
from shared.worker.process import Sweep


def open_mailbox(hotline: Hotline) -> PlatformMailbox:
    return PlatformMailbox(SourceStore(hotline.database, hotline.keyring))


@asynccontextmanager
async def open_sweeps(hotline: Hotline) -> AsyncIterator[Sequence[Sweep]]:
    """Platforms' lists, pulled every day, and requests to push a message again."""
    sources = SourceStore(hotline.database, hotline.keyring)
    async with open_client(reach_of(hotline.settings)) as client:
        yield (Puller(Platforms(client), sources).sweep,)
