"""Deliveries that no handler can do anything with, put among the good ones."""

from dataclasses import dataclass

from tests.storm.watch import Watch

FIRST_STREAM = -(2**62)
PUT = """
    INSERT INTO deliveries (bureau_id, stream_id, seq, subscriber, event_type, payload)
    VALUES (1, $1, 1, 'intake', 'message.received', '{"message_id": "nobody"}')
    ON CONFLICT DO NOTHING
"""


@dataclass
class Poison:
    """What it comes to is told at the end: each is counted, put off, and delays nobody."""

    label: str
    watch: Watch
    put: int = 0

    async def strike(self) -> bool:
        owed = await self.watch.is_owed()
        await self.watch.fetch(PUT, FIRST_STREAM + self.put)
        self.put += 1
        return owed
