"""Telling a platform that a ticket's state has changed (ruling 49)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import orjson

from shared.domain import fold
from shared.domain.calendar import CITY_ZONE
from shared.domain.ticket import Ticket
from shared.domain.words import ClockName
from shared.events.subscriptions import CALLBACK
from shared.identity.sources import SourceStore
from shared.tickets import Ledger, list_entries
from shared.web.signatures import signed_by
from shared.worker.calls import Address, Key, Message
from shared.worker.deliveries import Delivery


@dataclass(frozen=True, slots=True)
class PlatformMailbox:
    """A platform hears of every ticket that bears a number of its own."""

    sources: SourceStore

    async def find_address(
        self, ledger: Ledger, subscriber: str, tickets: Collection[int]
    ) -> Address | None:
        name = subscriber.removeprefix(CALLBACK)
        url = ledger.rulebook.callbacks.get(name)
        source = (await self.sources.read()).get(name)
        if url is None or source is None:
            return None
        return Address(url, partial(signed_by, source.secrets), frozenset(tickets))

    async def write(
        self, ledger: Ledger, subscriber: str, deliveries: Sequence[Delivery]
    ) -> Mapping[Key, Message]:
        name = subscriber.removeprefix(CALLBACK)
        streams = sorted({one.stream_id for one in deliveries})
        logs = await list_entries(ledger.tx, streams)
        written = {}
        for one in deliveries:
            told = [entry for entry in logs[one.stream_id] if entry.seq <= one.seq]
            ticket = fold.fold(one.stream_id, told)
            written[one.stream_id, one.seq] = Message(
                webhook_id=f"{ledger.tx.bureau}-{one.stream_id}-{one.seq}",
                body=state_change(ticket, name, at=told[-1].recorded_at),
                ticket_id=one.stream_id,
                ticket_no=ticket.no,
            )
        return written


def state_change(ticket: Ticket, source: str, *, at: datetime) -> bytes:
    """What the platform is told: the ticket as that entry of its log left it."""
    clock = ticket.clock(ClockName.COMPLETE)
    due = clock.due if clock is not None else None
    number = next((one.no for one in ticket.upstream if one.source == source), None)
    done = ticket.completed_at
    return orjson.dumps(
        {
            "type": "ticket.state_changed",
            "timestamp": at.astimezone(CITY_ZONE),
            "data": {
                "upstream_no": number,
                "no": ticket.no,
                "state": ticket.state,
                "due": due.astimezone(CITY_ZONE) if due else None,
                "completed_at": done.astimezone(CITY_ZONE) if done else None,
            },
        }
    )
