"""受理 API: what the city and district platforms call."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware

from services.intake.inbox import open_inbox
from services.intake.routes import (
    callbacks,
    cases,
    quarantine,
    reads,
    reconciliations,
    webhooks,
)
from shared.identity.scopes import Doors, KeyScope
from shared.identity.sources import SourceStore
from shared.settings import Settings
from shared.tickets import Hotline
from shared.web.app import make_app
from shared.web.shortcut import Shortcut
from shared.worker.bell import ArqBell
from shared.worker.tally import RedisTally

DOORS = Doors(read=KeyScope.ADMIN, write=KeyScope.ADMIN)


@asynccontextmanager
async def open_state(app: FastAPI) -> AsyncIterator[None]:
    hotline: Hotline = app.state.hotline
    settings = hotline.settings
    app.state.sources = SourceStore(hotline.database, hotline.keyring)
    async with open_inbox(
        settings.database_url, hotline.keyring, group_commit=settings.group_commit
    ) as inbox:
        app.state.inbox = inbox
        yield


def create_app(settings: Settings) -> FastAPI:
    return make_app(
        settings,
        title="民呼 · 受理",
        routers=[
            webhooks.router,
            callbacks.router,
            reads.router,
            quarantine.router,
            reconciliations.router,
            cases.router,
        ],
        bell=ArqBell(settings.redis_url),
        tally=RedisTally(settings.redis_url),
        doors=DOORS,
        lifespans=[open_state],
        inner=[
            Middleware(Shortcut, prefix=webhooks.router.prefix, endpoint=webhooks.receive),
        ],
    )
