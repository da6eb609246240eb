"""The virtual clock jumps while calls are open."""

import asyncio
import random
from dataclasses import dataclass

import orjson

from tests.storm.calls import Door

JSON = {"content-type": "application/json"}


@dataclass
class Jump:
    label: str
    door: Door
    chance: random.Random
    seconds: tuple[int, int] = (30, 300)

    async def strike(self) -> bool:
        others = self.door.open
        await advance(self.door, self.chance.randint(*self.seconds))
        return others > 0


async def advance(door: Door, seconds: int) -> None:
    """Until it is known to have been done. A jump may happen twice: nobody counts seconds here."""
    body = orjson.dumps({"seconds": seconds})
    while True:
        answer = await door.call("POST", "/sandbox/clock/advance", JSON, body=body, patience=60)
        if answer is not None and answer.status == 200:
            return
        await asyncio.sleep(0.1)
