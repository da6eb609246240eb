"""Many tickets on both sides, and gaps hidden among them: the books of both are kept here.

What must be found is known from what was sent and from what was listed, never asked of the system.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import text

from shared.domain import events
from shared.domain.actor import SYSTEM
from shared.domain.calendar import CITY_ZONE
from shared.domain.events import FieldRank, TicketReceived
from shared.domain.words import AppealType, TicketKind, Urgency
from shared.tickets import Hotline
from tests.factories import CITY, Desk
from tests.platform import Platform
from tests.reconcile.lists import Line

FIRST = datetime(2026, 11, 16, tzinfo=CITY_ZONE)
DAYS = 3
AT_ONCE = 500
# Whom those made in bulk are owed to has no part in this.
UNTOLD = text("DELETE FROM deliveries WHERE subscriber IN ('matters', 'scoring')")
Drain = Callable[[], object]


@dataclass
class Books:
    """`lines`: what the platform has, by number; `gaps`: number → kind that must be found."""

    random: random.Random
    lines: dict[str, Line] = field(default_factory=dict)
    gaps: dict[str, str] = field(default_factory=dict)
    days: dict[str, date] = field(default_factory=dict)

    def moment(self) -> datetime:
        """Half of them near a day's border, where naive days go wrong."""
        day = FIRST + timedelta(days=self.random.randrange(DAYS))
        if self.random.random() < 0.5:
            seconds = self.random.choice((0, 1, 5, 86_399, 86_395, *range(60, 28_800, 997)))
        else:
            seconds = self.random.randrange(86_400)
        return day + timedelta(seconds=seconds)

    def enter(self, no: str, received_at: datetime, state: str = "received") -> Line:
        self.lines[no] = Line(no, received_at, state)
        return self.lines[no]

    def lists(self) -> Iterator[tuple[date, list[Line]]]:
        """A list for each day, each line spelled in one of the ways a time may be."""
        for back in range(DAYS):
            day = (FIRST + timedelta(days=back)).date()
            lines = [one for no, one in self.lines.items() if self.days.get(no, one.day) == day]
            self.random.shuffle(lines)
            yield day, lines


async def make_bulk(hotline: Hotline, books: Books, count: int) -> None:
    """As if pushed: most as received, some voided, some completed a while later."""
    made = 0
    while made < count:
        size = min(AT_ONCE, count - made)
        async with hotline.ledger(1) as ledger:
            rows = await ledger.tx.rows(
                text("SELECT nextval('ticket_ids') AS id FROM generate_series(1, :n)"), n=size
            )
            for row in rows:
                made += 1
                line = books.enter(f"SH-{made:06d}", books.moment())
                ticket = ledger.open(
                    row.id,
                    received(line, row.id),
                    actor=CITY,
                    occurred_at=line.received_at,
                    texts={},
                )
                if made % 17 == 0:
                    ledger.record(
                        ticket, events.TicketVoided(), actor=SYSTEM, occurred_at=ledger.now
                    )
                    books.lines[line.upstream_no] = line.but(state="voided")
                    if made % 34 == 0:  # the platform has dropped it
                        del books.lines[line.upstream_no]
            await ledger.flush()
            await ledger.tx.run(UNTOLD)


def received(line: Line, ticket_id: int) -> TicketReceived:
    return TicketReceived(
        no=f"T{line.received_at.astimezone(CITY_ZONE):%Y%m%d}-{ticket_id:06d}",
        source="city-12345",
        upstream_no=line.upstream_no,
        received_at=line.received_at,
        rank=FieldRank(at=line.received_at),
        appeal_type=AppealType.COMPLAINT,
        urgency=Urgency.NORMAL,
        ticket_kind=TicketKind.TRANSFER,
        is_anonymous=True,
        is_confidential=False,
        need_reply=False,
        has_phone=False,
        carried=("content",),
    )


@dataclass
class Street:
    """Tickets that came the real way: through the platforms' webhooks and the desk's actions."""

    books: Books
    city: Platform
    district: Platform
    desk: Desk
    drain: Drain

    async def push(self, no: str) -> Line:
        line = self.books.enter(no, self.books.moment())
        answer = await self.city.create(no, received_at=line.received_at.isoformat())
        assert answer.status_code == 202, answer.text
        return line

    async def no_of(self, no: str) -> str:
        view = await self.city.get(f"/v1/tickets/{no}")
        assert view.status_code == 200, view.text
        found: str = view.json()["no"]
        return found

    async def walk_some(self, count: int) -> None:
        """To all stages; the last of them merged into the first."""
        steps = ("triage", "dispatch", "accept", "dispose", "feedback", "reply", "complete")
        for at in range(count):
            await self.push(f"SH-W{at}")
        await self.drain()  # type: ignore[misc]
        for at in range(count - 1):
            no = f"SH-W{at}"
            await self.desk.walk(await self.no_of(no), until=steps[at % len(steps)])
        await self.desk.walk(await self.no_of(f"SH-W{count - 1}"), until="triage")
        into = await self.no_of("SH-W0")
        merged = await self.desk.act(
            "desk", await self.no_of(f"SH-W{count - 1}"), "merge", into=into
        )
        assert merged.status_code == 200, merged.text
        for at in range(count):
            no = f"SH-W{at}"
            view = (await self.city.get(f"/v1/tickets/{no}")).json()
            done = view["completed_at"]
            self.books.lines[no] = self.books.lines[no].but(
                state=view["state"], completed_at=datetime.fromisoformat(done) if done else None
            )

    async def pair_some(self, count: int) -> None:
        """From both platforms, each with a time of its own; a rework order on every second."""
        for at in range(count):
            line = await self.push(f"SH-P{at}")
            own = line.received_at + timedelta(hours=5)
            await self.district.create(
                f"JA-P{at}", received_at=own.isoformat(), other_nos=[line.upstream_no]
            )
        await self.drain()  # type: ignore[misc]
        for at in range(0, count, 2):
            when = self.books.moment()
            number = f"SH-P{at}R"
            await self.city.push(
                "ticket.rework", at=when.isoformat(), upstream_no=number, of=f"SH-P{at}"
            )
            self.books.enter(number, when)
        await self.drain()  # type: ignore[misc]

    async def hold_some(self, kinds: list[str]) -> None:
        """Received and not a ticket yet: in quarantine, waiting for its first word, pending."""
        for at, kind in enumerate(kinds):
            number = f"SH-H{at}"
            line = self.books.enter(number, self.books.moment())
            when = line.received_at.isoformat()
            if kind == "quarantined":
                answer = await self.city.create(number, received_at=when, urgency="soon")
                assert answer.status_code == 422, answer.text
            elif kind == "waiting":
                await self.city.push("ticket.updated", at=when, upstream_no=number, title="补充")
            self.books.gaps[number] = "held"
        await self.drain()  # type: ignore[misc]
        for at, kind in enumerate(kinds):
            number = f"SH-H{at}"
            if kind == "pending":
                when = self.books.lines[number].received_at.isoformat()
                await self.city.create(number, received_at=when)


def hide(books: Books, count: int) -> None:
    """So many gaps more, of every kind, on both sides."""
    makers = (lose_here, lose_there, other_state, other_second, other_day, other_completion)
    free = [
        no
        for no, line in books.lines.items()
        if line.state == "received" and no not in books.gaps and no[3:].isdigit()
    ]
    for at, no in enumerate(books.random.sample(free, count)):
        makers[at % len(makers)](books, no)


def lose_here(books: Books, no: str) -> None:
    books.enter(f"{no}-X", books.moment())
    books.gaps[f"{no}-X"] = "missing_here"


def lose_there(books: Books, no: str) -> None:
    del books.lines[no]
    books.gaps[no] = "missing_there"


def other_state(books: Books, no: str) -> None:
    books.lines[no] = books.lines[no].but(state=books.random.choice(("triaged", "archived")))
    books.gaps[no] = "differs"


def other_second(books: Books, no: str) -> None:
    """A second towards noon: still of that day."""
    line = books.lines[no]
    towards = 1 if line.received_at.astimezone(CITY_ZONE).hour < 12 else -1
    books.lines[no] = line.but(received_at=line.received_at + timedelta(seconds=towards))
    books.gaps[no] = "differs"


def other_day(books: Books, no: str) -> None:
    """Of another day altogether: one difference, and missing nowhere."""
    line = books.lines[no]
    ahead = 1 if line.day < (FIRST + timedelta(days=DAYS - 1)).date() else -1
    books.lines[no] = line.but(received_at=line.received_at + timedelta(days=ahead))
    books.gaps[no] = "differs"


def other_completion(books: Books, no: str) -> None:
    line = books.lines[no]
    books.lines[no] = line.but(completed_at=line.received_at + timedelta(hours=1))
    books.gaps[no] = "differs"
