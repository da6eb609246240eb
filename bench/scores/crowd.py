"""Tickets by the hundred thousand: two years of logs, cast from a few hundred made in memory."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bench.scores.casting import Cast, Mould
from bench.scores.courses import take_course
from bench.scores.organisation import BUREAU, list_hands
from bench.scores.wording import list_wordings
from shared.domain.calendar import CITY_ZONE
from shared.domain.events import TicketAbsorbed, TicketMerged

SEED = 12345
CASTS = 600
# The casts are made where no holiday is near, and shifted by whole weeks from there.
BASE = datetime(2024, 7, 1, tzinfo=CITY_ZONE)
FIRST = datetime(2024, 1, 1, tzinfo=CITY_ZONE)  # a Monday as well
NOW = datetime(2025, 12, 31, 12, tzinfo=CITY_ZONE)
NUMBERS = 1_000_000  # after so many, intake begins again with the last part of a number
WEEK = timedelta(weeks=1)
NIGHT = 8  # o'clock; the first call of a day comes then


@dataclass(frozen=True, slots=True)
class Batch:
    """A week's tickets as COPY text, ready to send."""

    tickets: int
    entries: int
    events: bytes
    texts: bytes


@dataclass(slots=True)
class Crowd:
    """`tickets` spread evenly over the weeks; the same for the same number."""

    tickets: int
    dice: random.Random = field(default_factory=lambda: random.Random(SEED))
    made: int = 0

    def batches(self) -> Iterator[Batch]:
        casts = list(make_casts(self.dice))
        filler = Filler(self.dice)
        for week in range((NOW - FIRST) // WEEK + 1):
            start = FIRST + week * WEEK
            share = (min(start + WEEK, NOW) - FIRST) / (NOW - FIRST)
            count = round(self.tickets * share) - self.made
            weeks = (start - BASE) // WEEK
            begun = [cast for cast in casts if cast.length(weeks, NOW)]
            yield filler.fill(begun, weeks, first=self.made + 1, count=count)
            self.made += count


def make_casts(dice: random.Random) -> Iterator[Cast]:
    for number in range(CASTS):
        day = BASE + timedelta(days=number % 7)
        minute = int(dice.triangular(0, (19 - NIGHT) * 60, 100))
        yield Cast(take_course(day + timedelta(hours=NIGHT, minutes=minute), dice))


class Filler:
    """Puts numbers, people, places and words into the gaps."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._hands = list_hands()
        self._wordings = list_wordings(dice)

    def fill(self, casts: list[Cast], weeks: int, *, first: int, count: int) -> Batch:
        """Tickets of one week, drawn from the casts."""
        moulds: dict[Cast, Mould] = {}
        chosen = self._choose(casts, count)
        for cast in chosen:
            if cast not in moulds:
                moulds[cast] = cast.mould(weeks, NOW)
        numbers = [
            f"{moulds[cast].no}-{(first + place) % NUMBERS:06d}"
            for place, cast in enumerate(chosen)
        ]
        events, texts, entries = list[str](), list[str](), 0
        for place, cast in enumerate(chosen):
            other = place + 1 if TicketMerged.type in cast.types else place - 1
            gaps = {
                **self._dice.choice(self._wordings),
                **self._dice.choice(self._hands.by_trade[cast.trade]),
                "street": self._dice.choice(self._hands.streets),
                "bureau": BUREAU,
                "id": first + place,
                "no": numbers[place],
                "other": numbers[other % count],
            }
            mould = moulds[cast]
            events.append(mould.events % gaps)
            texts.append(mould.texts % gaps)
            entries += mould.size
        return Batch(count, entries, "".join(events).encode(), "".join(texts).encode())

    def _choose(self, casts: list[Cast], count: int) -> list[Cast]:
        """Who is merged into another is followed by that other."""
        absorbing = [cast for cast in casts if TicketAbsorbed.type in cast.types]
        single = [cast for cast in casts if TicketAbsorbed.type not in cast.types]
        chosen: list[Cast] = []
        while len(chosen) < count:
            chosen.append(self._dice.choice(single))
            if TicketMerged.type in chosen[-1].types and absorbing:
                chosen.append(self._dice.choice(absorbing))
        return chosen[:count]
