"""Calls of all processes added up in Redis, off every call's path."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping

from redis.asyncio import ConnectionPool, Redis

from shared.worker.bell import QUIET_SECONDS, TROUBLE

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 1.0
KEPT_SECONDS = 180


class RedisTally:
    """Losing Redis costs the sum: each process then holds to the limit by its own count."""

    def __init__(self, redis_url: str) -> None:
        self._url = redis_url
        self._redis: Redis | None = None
        self._complained_at = float("-inf")

    async def add(self, window: int, counts: Mapping[str, int]) -> Mapping[str, int] | None:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await self._add(window, counts)
        except TROUBLE as error:
            self._complain(error)
            await self.close()
            return None

    async def _add(self, window: int, counts: Mapping[str, int]) -> Mapping[str, int]:
        if self._redis is None:
            self._redis = Redis(connection_pool=ConnectionPool.from_url(self._url))
        pipeline = self._redis.pipeline(transaction=False)
        for subject, count in counts.items():
            name = f"minhu:calls:{window}:{subject}"
            pipeline.incrby(name, count)
            pipeline.expire(name, KEPT_SECONDS)
        answers = await pipeline.execute()
        return dict(zip(counts, map(int, answers[::2]), strict=True))

    async def close(self) -> None:
        redis, self._redis = self._redis, None
        if redis is not None:
            with contextlib.suppress(*TROUBLE):
                await redis.aclose(close_connection_pool=True)

    def _complain(self, error: BaseException) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._complained_at > QUIET_SECONDS:
            self._complained_at = now
            log.warning("calls not added up", extra={"kind": type(error).__name__})
