"""A consumer as tutorials write it: the webhook puts a job into Redis, the job writes to Postgres.

Nothing in it is made to fail: both writes of a job are one transaction, the webhook answers once
the job is in Redis, a process that ends is started again. Settings are arq's own but for
`job_timeout`, whose 300 s (a killed worker's jobs stay locked for it, and 10 s more) would outlast
the storm.
"""

from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from arq import create_pool
from arq.connections import RedisSettings
from fastapi import FastAPI, Header, Request

JOB_TIMEOUT_SECONDS = 1
TABLES = """
CREATE TABLE handled (
    place bigserial, webhook_id text, upstream_no text, revision int, job_id text
);
CREATE TABLE counters (upstream_no text PRIMARY KEY, messages int NOT NULL);
GRANT ALL ON handled, counters, handled_place_seq TO PUBLIC;
"""
WRITE = "INSERT INTO handled (webhook_id, upstream_no, revision, job_id) VALUES ($1, $2, $3, $4)"
COUNT = """
INSERT INTO counters VALUES ($1, 1)
ON CONFLICT (upstream_no) DO UPDATE SET messages = counters.messages + 1
"""
# Under this name the storm looks for open transactions.
AS_MINHU = {"application_name": "minhu"}


def create_app(redis_url: str) -> FastAPI:
    @asynccontextmanager
    async def connected(app: FastAPI) -> Any:
        app.state.redis = await create_pool(RedisSettings.from_dsn(redis_url))
        yield
        await app.state.redis.aclose()

    app = FastAPI(lifespan=connected)

    @app.post("/v1/webhooks/{source}", status_code=202)
    async def receive(
        source: str, message: dict[str, Any], request: Request, webhook_id: str = Header()
    ) -> dict[str, str]:
        await request.app.state.redis.enqueue_job("handle_message", webhook_id, message)
        return {"receipt": webhook_id}

    @app.get("/readyz")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    return app


async def handle_message(context: dict[str, Any], webhook_id: str, message: dict[str, Any]) -> None:
    data = message["data"]
    async with context["pool"].acquire() as connection, connection.transaction():
        values = (webhook_id, data["upstream_no"], data.get("revision"), context["job_id"])
        await connection.execute(WRITE, *values)
        await connection.execute(COUNT, data["upstream_no"])


def worker_settings(database_url: str, redis_url: str) -> type:
    async def connect(context: dict[str, Any]) -> None:
        context["pool"] = await asyncpg.create_pool(database_url, server_settings=AS_MINHU)

    async def disconnect(context: dict[str, Any]) -> None:
        await context["pool"].close()

    class WorkerSettings:
        functions = (handle_message,)
        redis_settings = RedisSettings.from_dsn(redis_url)
        on_startup = staticmethod(connect)
        on_shutdown = staticmethod(disconnect)
        job_timeout = JOB_TIMEOUT_SECONDS

    return WorkerSettings
