"""Redis emptied, or away for a while and back with nothing."""

import asyncio
import random
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.storm.stage import Play


@dataclass
class Flush:
    """While Redis itself is away there is nothing to empty: tried again until it is done."""

    label: str
    play: Play

    async def strike(self) -> bool:
        while True:
            redis = Redis.from_url(self.play.servers.redis.url)
            try:
                owed = await self.play.is_owed()
                await redis.flushall()
            except (RedisError, OSError):
                await asyncio.sleep(0.2)
            else:
                return owed
            finally:
                await redis.aclose()


@dataclass
class Away:
    """Killed with what it had written down; work owed meanwhile is counted as hit."""

    label: str
    play: Play
    seconds: tuple[float, float]
    chance: random.Random

    async def strike(self) -> bool:
        servers = self.play.servers
        await servers.lose_redis()
        owed = await self.play.is_owed()
        await asyncio.sleep(self.chance.uniform(*self.seconds))
        owed = owed or await self.play.is_owed()
        await servers.bring_redis_back()
        return owed
