"""Five hundred random tickets in a real database, taken in by scoring in disorder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from httpx import AsyncClient

from shared.tickets import Hotline
from tests.scoring.courses.making import course
from tests.scoring.courses.teller import END, Step
from tests.scoring.disorder import Disorder, handle_all, handle_some
from tests.scoring.logbook import BUREAU, begin, read_logs, write_slice
from tests.scoring.oracle.retelling import RawEntry, Ticket, retell

NOW = END + timedelta(days=30)
WAVES = 5
UNHEARD = ("ticket.clock_warned", "ticket.escalated")


@dataclass(frozen=True)
class World:
    """What was written, as the log has it. `kinds`: of each unit."""

    hotline: Hotline = field(repr=False)
    client: AsyncClient = field(repr=False)
    keys: Mapping[str, str] = field(repr=False)
    logs: Sequence[Sequence[RawEntry]] = field(repr=False)
    kinds: Mapping[str, str]
    disorder: Disorder

    @property
    def last(self) -> datetime:
        """When the last of what scoring hears of was recorded."""
        heard = [entry for log in self.logs for entry in log if entry["type"] not in UNHEARD]
        last: datetime = max(entry["recorded_at"] for entry in heard)
        return last

    def instants(self, random: Random, many: int) -> list[datetime]:
        """Some at which something was recorded, one of them with the instant before it."""
        recorded = sorted({entry["recorded_at"] for log in self.logs for entry in log})
        chosen = random.sample(recorded, many)
        return [*chosen, chosen[0] - timedelta(microseconds=1)]

    def retold(self, known_at: datetime) -> list[Ticket]:
        return [told for log in self.logs if (told := retell(log, known_at)) is not None]

    async def get(self, path: str, params: Mapping[str, str], *, who: str = "leader") -> Any:
        headers = {"Authorization": f"Bearer {self.keys[who]}"}
        answer = await self.client.get(path, params=params, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def told(self) -> str:
        entries = sum(len(log) for log in self.logs)
        return f"{len(self.logs)} histories, {entries:,} entries; {self.disorder.told()}"


def make_histories(many: int) -> list[list[Step]]:
    made: list[list[Step]] = []
    for number in range(many):
        made.append(course(number, [number_of(steps) for steps in made]))
    return made


def number_of(steps: Sequence[Step]) -> str:
    return str(getattr(steps[0].event, "no", ""))


async def fill(
    hotline: Hotline, client: AsyncClient, *, keys: Mapping[str, str], many: int
) -> World:
    """Written wave by wave; after each, part of what is owed is handled."""
    random, disorder = Random(1), Disorder()
    written = await begin(hotline, make_histories(many))
    for wave in range(WAVES + 1):
        is_last = wave == WAVES
        await write_slice(hotline, written, random, is_last=is_last)
        await handle_some(hotline, random, disorder, share=0.6)
    await handle_all(hotline, random, disorder)
    async with hotline.ledger(BUREAU, writing=False) as ledger:
        kinds = {unit: one.kind.value for unit, one in ledger.rulebook.units.items()}
    return World(hotline, client, keys, await read_logs(hotline), kinds, disorder)
