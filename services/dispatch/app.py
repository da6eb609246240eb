"""派单 API: what unit systems, the desk and leaders call."""

from fastapi import FastAPI

from services.dispatch.routes import (
    actions,
    dead_letters,
    emergency,
    feed,
    matter_actions,
    matters,
    notices,
    oidc,
    reveals,
    session,
    subscriptions,
    tickets,
    viewers,
)
from shared.identity.scopes import Doors, KeyScope
from shared.settings import Settings
from shared.web.app import make_app
from shared.worker.bell import ArqBell
from shared.worker.tally import RedisTally

DOORS = Doors(
    read=KeyScope.TICKETS_READ,
    write=KeyScope.TICKETS_WRITE,
    apart=(
        ("/reveal", KeyScope.CALLERS_REVEAL),
        ("/v1/subscriptions", KeyScope.SUBSCRIPTIONS),
        ("/v1/dead-letters", KeyScope.ADMIN),
        ("/v1/session", None),
    ),
)


def create_app(settings: Settings) -> FastAPI:
    return make_app(
        settings,
        title="民呼 · 派单",
        routers=[
            tickets.router,
            viewers.router,
            actions.router,
            reveals.router,
            matters.router,
            matter_actions.router,
            emergency.router,
            feed.router,
            notices.router,
            dead_letters.router,
            subscriptions.router,
            session.router,
            oidc.router,
        ],
        lifespans=[session.open_door, oidc.open_gate],
        bell=ArqBell(settings.redis_url),
        tally=RedisTally(settings.redis_url),
        doors=DOORS,
    )
