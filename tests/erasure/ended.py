"""Tickets that have ended, made in one stroke, and what is left of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from shared.domain.actor import SYSTEM
from shared.domain.events import Attachment, TicketDisposed, TicketVoided
from shared.domain.limits import Limits
from shared.domain.official import load_default_limits
from shared.domain.words import AttachmentKind, SiteCheck
from shared.identity.organisation import load_limits
from shared.tickets import Hotline
from shared.vault.callers import Caller
from tests.conftest import BUREAU
from tests.factories import give_caller, open_ticket

CALLER = Caller(name="诸葛琬琰", phone="13912345670")
FILES = (
    Attachment(AttachmentKind.RECORDING, "https://files.example/recorded"),
    Attachment(AttachmentKind.PHOTO_AFTER, "https://files.example/seen"),
)


async def end_ticket(
    hotline: Hotline, *, caller: Caller = CALLER, bureau: int = BUREAU, **values: Any
) -> str:
    """Received, worked on, voided: now, by the clock of the sandbox."""
    async with hotline.ledger(bureau) as ledger:
        no = await open_ticket(ledger, **values)
        number = int(no.partition("-")[2])
        await give_caller(ledger, number, caller)
        work = TicketDisposed(
            "sanitation-section", by_lead=False, site_check=SiteCheck.YES, attachments=FILES
        )
        ticket = ledger.record(ledger.tickets[number], work, actor=SYSTEM, texts={"work": "清运"})
        ledger.record(ticket, TicketVoided(), actor=SYSTEM, texts={"reason": "重复登记"})
    return no


async def set_periods(hotline: Hotline, bureau: int = BUREAU, **periods: str) -> None:
    """A new version of the register: `caller="20d"` is `retention.caller`."""
    named = {f"retention.{name}": value for name, value in periods.items()}
    async with hotline.database.unscoped() as connection:
        limits = Limits("kept-otherwise", {**load_default_limits().values, **named})
        await load_limits(
            connection,
            bureau,
            limits,
            valid_from=datetime.fromisoformat("2026-01-01T00:00:00+08:00"),
        )


LEFT = """
SELECT t.no, (SELECT count(*) FROM callers AS c WHERE c.bureau_id = t.bureau_id
   AND c.ticket_id = t.ticket_id AND c.sealed IS NOT NULL) AS callers,
 (SELECT count(*) FROM ticket_texts AS x WHERE x.bureau_id = t.bureau_id
   AND x.ticket_id = t.ticket_id AND (x.body IS NOT NULL OR x.salt IS NOT NULL)) AS texts,
 (SELECT count(*) FROM ticket_events AS e, jsonb_array_elements(e.data->'attachments') AS f
   WHERE e.bureau_id = t.bureau_id AND e.ticket_id = t.ticket_id AND f->>'url' <> '') AS files,
 (SELECT count(*) FROM ticket_events AS e WHERE e.bureau_id = t.bureau_id
   AND e.ticket_id = t.ticket_id AND e.type = 'ticket.erased') AS told,
 (SELECT count(*) FROM erasures AS s WHERE s.bureau_id = t.bureau_id
   AND s.ticket_id = t.ticket_id) AS stones
 FROM tickets AS t WHERE t.no = ANY($1) ORDER BY t.ticket_id
"""
WHOLE = (1, 5, 2, 0, 0)
CLEAN = (0, 0, 0, 1, 3)


async def left_of(inside: asyncpg.Connection, *nos: str) -> list[tuple[int, ...]]:
    """Of each: vault rows, texts, files, tombstones in the log, and in their table."""
    rows: Sequence[Any] = await inside.fetch(LEFT, list(nos))
    return [tuple(row)[1:] for row in rows]
