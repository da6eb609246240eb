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
    reveals,
    subscriptions,
    tickets,
    viewers,
)
from shared.settings import Settings
from shared.web.app import make_app
from shared.worker.bell import ArqBell


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
        ],
        bell=ArqBell(settings.redis_url),
    )
