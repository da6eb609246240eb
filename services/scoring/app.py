"""考核: what happened, as numbers anyone can check."""

from fastapi import FastAPI

from services.scoring.routes import catalogue, city_ranks, periods, scores
from shared.settings import Settings
from shared.web.app import make_app
from shared.worker.bell import ArqBell


def create_app(settings: Settings) -> FastAPI:
    return make_app(
        settings,
        title="民呼 · 考核",
        routers=(scores.router, periods.router, catalogue.router, city_ranks.router),
        bell=ArqBell(settings.redis_url),
    )
