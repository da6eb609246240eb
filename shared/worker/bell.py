"""The ring: one arq job that says "there is work" and carries nothing."""

import asyncio
import contextlib
import logging

import orjson
from arq.connections import ArqRedis, RedisSettings
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

JOB = "drain"
QUEUE = "minhu"
PAUSE_SECONDS = 0.03  # rings closer together than this are one
TIMEOUT_SECONDS = 2.0
QUIET_SECONDS = 30.0  # between two lines about the same trouble
TROUBLE = (RedisError, OSError, asyncio.TimeoutError)


def redis_settings(url: str) -> RedisSettings:
    settings = RedisSettings.from_dsn(url)
    settings.conn_timeout = 1
    settings.conn_retries = 1
    settings.conn_retry_delay = 0
    return settings


class ArqBell:
    """Rings after commit, off the request's path. A failure is logged and forgotten."""

    def __init__(self, redis_url: str) -> None:
        self._url = redis_url
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._pool: ArqRedis | None = None
        self._complained_at = float("-inf")

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._drop_pool()

    def ring(self) -> None:
        self._wanted.set()

    async def answers(self) -> bool:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return bool(await self._open_pool().ping())
        except TROUBLE:
            await self._drop_pool()
            return False

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    await self._open_pool().enqueue_job(JOB)
            except TROUBLE as error:
                self._complain(error)
                await self._drop_pool()
            await asyncio.sleep(PAUSE_SECONDS)

    def _open_pool(self) -> ArqRedis:
        """Connects when first used. Whatever is cancelled, the pool is known and can be closed."""
        if self._pool is None:
            connections = ConnectionPool.from_url(
                self._url, socket_connect_timeout=TIMEOUT_SECONDS / 2
            )
            self._pool = ArqRedis(
                connections,
                job_serializer=orjson.dumps,
                job_deserializer=orjson.loads,
                default_queue_name=QUEUE,
            )
        return self._pool

    async def _drop_pool(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            with contextlib.suppress(*TROUBLE):
                await pool.aclose(close_connection_pool=True)

    def _complain(self, error: BaseException) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._complained_at > QUIET_SECONDS:
            self._complained_at = now
            log.warning("cannot ring, sweeps will find it", extra={"kind": type(error).__name__})
