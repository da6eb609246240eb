"""考核: what happened, as numbers anyone can check."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.scoring.routes import (
    catalogue,
    changes,
    city_ranks,
    facts,
    flags,
    inspections,
    media_items,
    periods,
    proofs,
    ranks,
    sanitation,
    schemes,
    scores,
    trials,
)
from shared.identity.scopes import Doors, KeyScope
from shared.settings import Settings
from shared.web.app import make_app
from shared.worker.bell import ArqBell
from shared.worker.tally import RedisTally

DOORS = Doors(read=KeyScope.SCORES_READ, write=KeyScope.SCORES_WRITE)
# Each holds a connection for as long as its reader takes.
MOST_STREAMS = 2


@asynccontextmanager
async def limit_streams(app: FastAPI) -> AsyncIterator[None]:
    app.state.fact_streams = asyncio.Semaphore(MOST_STREAMS)
    yield


def create_app(settings: Settings) -> FastAPI:
    return make_app(
        settings,
        title="民呼 · 考核",
        routers=(
            proofs.router,
            scores.router,
            periods.router,
            changes.router,
            ranks.router,
            catalogue.router,
            schemes.router,
            trials.router,
            city_ranks.router,
            facts.router,
            flags.router,
            inspections.router,
            media_items.router,
            sanitation.router,
        ),
        bell=ArqBell(settings.redis_url),
        tally=RedisTally(settings.redis_url),
        doors=DOORS,
        lifespans=(limit_streams,),
    )
