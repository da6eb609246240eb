"""Whatever platforms say in whatever order: every message ends, and the log folds to the ticket."""

import random
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from shared.domain import fold
from shared.domain.ticket import Ticket
from shared.tickets import Hotline, find_tickets, list_entries
from tests.conftest import BUREAU
from tests.factories import SetClock
from tests.intake.conftest import Drain
from tests.platform import CREATED, Platform

NUMBERS = ("A", "a", "B", "C/1", "Ｄ")
MOMENTS = (
    "2000-01-01T00:00:00+08:00",
    "2022-04-01T23:59:59+08:00",
    "2026-11-18T09:12:00+08:00",
    "2026-11-18T09:29:59Z",
    "2027-02-07T12:00:00+08:00",
    "2100-12-31T12:00:00+08:00",
)
PAST = MOMENTS[:3]
FIELDS: dict[str, tuple[Any, ...]] = {
    "appeal_type": ("consult", "complaint", "praise", "other"),
    "urgency": ("normal", "sub_urgent", "urgent"),
    "ticket_kind": ("transfer", "supervised", "rework", "state_council"),
    "trade": ("greening", "sanitation", None),
    "category_l2": ("S-05", "没有的", None),
    "content": ("甲", "乙", "丙"),
    "title": ("题", None),
    "is_anonymous": (True, False),
    "is_confidential": (True, False),
    "need_reply": (True, False),
    "complex_approved": (True, False),
    "caller": ({"name": "张建国", "phone": "13812345678"}, {"name": "李"}, {}, None),
    "lng": (121.4, -180.0, None),
    "dispatched_at": MOMENTS,
    "upstream_due": (*MOMENTS, None),
    "other_nos": ([], ["A"], ["B", "B"], ["a", "C/1"]),
    "is_repeat": (True, False),
    "repeat_of": NUMBERS,
    "revision": (0, 1, 7, 10**15),
    "occurred_at": MOMENTS,
}
UNSETTLED = text(
    "SELECT type, upstream_no FROM raw_messages"
    " WHERE state NOT IN ('applied', 'ignored', 'waiting', 'quarantined')"
)
STRANDED = text(
    "SELECT last_error, payload::text AS payload FROM deliveries WHERE subscriber IN"
    " ('intake', 'scoring')"
)
SPOILT = text("SELECT problem::text AS problem FROM raw_messages WHERE state = 'quarantined'")
TICKETS = text("SELECT ticket_id FROM tickets")


def some_fields(chance: random.Random) -> dict[str, Any]:
    names = chance.sample(sorted(FIELDS), chance.randint(0, 6))
    return {name: chance.choice(FIELDS[name]) for name in names}


def any_message(chance: random.Random) -> tuple[str, dict[str, Any]]:
    number = chance.choice(NUMBERS)
    due = {"due": chance.choice(MOMENTS)} if chance.random() < 0.5 else {}
    said: dict[str, dict[str, Any]] = {
        "ticket.created": {
            **CREATED,
            **{name: one for name, one in some_fields(chance).items() if one is not None},
            "received_at": chance.choice(PAST),
        },
        "ticket.updated": some_fields(chance),
        "ticket.urged": {"text": "催张建国13812345678"},
        "ticket.supervised": {"level": chance.randint(1, 3), **due},
        "ticket.rework": {"of": chance.choice(NUMBERS), "reason": "复核", **due},
        "ticket.followed_up": {
            "level": chance.choice(("district", "city")),
            "reached": "yes",
            "redo": chance.random() < 0.5,
        },
        "ticket.voided": {},
        "ticket.return_decided": {"granted": True},
        "ticket.extension_decided": {"granted": True, **due},
    }
    weights = [6, 6, 1, 2, 3, 3, 0.3, 1, 1]
    kind = chance.choices(sorted(said, key=list(said).index), weights)[0]
    return kind, {**said[kind], "upstream_no": number}


async def list_rows(hotline: Hotline, statement: Any) -> list[Any]:
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        return list(await tx.rows(statement))


def by_key(ticket: Ticket) -> Ticket:
    """Clocks lie in a table of their own, in no order that matters."""
    return replace(ticket, clocks=tuple(sorted(ticket.clocks, key=lambda clock: clock.key)))


@pytest.mark.parametrize("seed", range(6))
async def test_no_course_of_messages_leaves_one_stranded(
    city: Platform,
    district: Platform,
    hotline: Hotline,
    drain: Drain,
    set_clock: SetClock,
    *,
    seed: int,
) -> None:
    await set_clock("2026-11-18T17:45:00+08:00")
    chance = random.Random(seed)
    for _ in range(150):
        kind, data = any_message(chance)
        platform = chance.choice((city, district))
        answer = await platform.push(kind, at=chance.choice(MOMENTS), **data)
        assert answer.status_code == 202, (kind, data, answer.text)
        if chance.random() < 0.3:
            await drain()
    await drain()

    assert await list_rows(hotline, UNSETTLED) == []
    assert await list_rows(hotline, STRANDED) == []
    assert await list_rows(hotline, SPOILT) == []
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        ids = [row.ticket_id for row in await tx.rows(TICKETS)]
        stored = await find_tickets(tx, ids)
        logs = await list_entries(tx, ids)
    assert ids
    for ticket_id in ids:
        folded = fold.fold(ticket_id, logs[ticket_id])
        assert by_key(folded) == by_key(stored[ticket_id])
