"""Random tickets in a real database, taken in by scoring in disorder."""

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
from tests.scoring.logbook import BUREAU, Written, begin, read_logs, write_slice
from tests.scoring.oracle.retelling import RawEntry, Ticket, retell

NOW = END + timedelta(days=30)
WAVES = 3  # before half of it is looked at, and again after


@dataclass
class World:
    """What was written, as the log has it. `kinds`: of each unit."""

    hotline: Hotline = field(repr=False)
    client: AsyncClient = field(repr=False)
    keys: Mapping[str, str] = field(repr=False)
    kinds: Mapping[str, str]
    written: Sequence[Written] = field(repr=False)
    random: Random = field(repr=False)
    disorder: Disorder = field(default_factory=Disorder)
    logs: Mapping[int, Sequence[RawEntry]] = field(default_factory=dict, repr=False)

    async def write_half(self) -> None:
        """Wave by wave; after each, part of what is owed is handled."""
        for _ in range(WAVES):
            await write_slice(self.hotline, self.written, self.random)
            await handle_some(self.hotline, self.random, self.disorder, share=0.4)
        self.logs = await read_logs(self.hotline)

    async def write_rest(self) -> None:
        await self.write_half()
        await write_slice(self.hotline, self.written, self.random, is_last=True)
        await handle_all(self.hotline, self.random, self.disorder)
        self.logs = await read_logs(self.hotline)

    @property
    def taken_in(self) -> list[Sequence[RawEntry]]:
        """Each log as far as scoring has read it."""
        return [self.logs[ticket][:seq] for ticket, seq in self.disorder.folded.items()]

    def instants(self, many: int) -> list[datetime]:
        """Some at which something was recorded, one of them with the instant before it."""
        recorded = sorted({entry["recorded_at"] for log in self.logs.values() for entry in log})
        chosen = self.random.sample(recorded, many)
        return [*chosen, chosen[0] - timedelta(microseconds=1)]

    def known(self, known_at: datetime | None) -> tuple[datetime, list[Ticket]]:
        """All that was recorded until then, or all that scoring has taken in, and until when."""
        logs = list(self.logs.values()) if known_at is not None else self.taken_in
        then = known_at or max(entry["recorded_at"] for log in logs for entry in log)
        return then, [told for log in logs if (told := retell(log, then)) is not None]

    async def get(self, path: str, params: Mapping[str, str], *, who: str = "leader") -> Any:
        headers = {"Authorization": f"Bearer {self.keys[who]}"}
        answer = await self.client.get(path, params=params, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def told(self) -> str:
        entries = sum(len(log) for log in self.logs.values())
        return f"{len(self.logs)} histories, {entries:,} entries; {self.disorder.told()}"


def make_histories(many: int) -> list[list[Step]]:
    made: list[list[Step]] = []
    for number in range(many):
        made.append(course(number, [number_of(steps) for steps in made]))
    return made


def number_of(steps: Sequence[Step]) -> str:
    return str(getattr(steps[0].event, "no", ""))


async def open_world(
    hotline: Hotline, client: AsyncClient, *, keys: Mapping[str, str], many: int
) -> World:
    """Nothing written yet."""
    written = await begin(hotline, make_histories(many))
    async with hotline.ledger(BUREAU, writing=False) as ledger:
        kinds = {unit: one.kind.value for unit, one in ledger.rulebook.units.items()}
    return World(hotline, client, keys, kinds, written, Random(many))
