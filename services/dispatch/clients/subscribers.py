"""Telling a unit's system what has happened: type, time, number and state (ruling 49)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import orjson
from sqlalchemy import text

from shared.domain import fold
from shared.domain.calendar import CITY_ZONE
from shared.domain.words import TicketState
from shared.events.subscriptions import SUBSCRIPTION
from shared.identity.subscriptions import find_subscription, live_secrets
from shared.tickets import Ledger, list_entries
from shared.web.signatures import signed_by
from shared.worker.calls import Address, Key, Message
from shared.worker.deliveries import Delivery

# Whom a ticket is about may come to light after its event was owed (ruling 19).
STILL_SEEN = text(
    "SELECT t.ticket_id FROM tickets AS t JOIN ticket_units AS u"
    " ON u.bureau_id = t.bureau_id AND u.ticket_id = t.ticket_id AND u.unit_id = :unit"
    " WHERE t.bureau_id = :bureau AND t.ticket_id = ANY(CAST(:tickets AS bigint[]))"
    " AND t.object_unit IS DISTINCT FROM :unit"
)


@dataclass(frozen=True, slots=True)
class SubscriptionMailbox:
    """A subscription hears of the tickets that its unit may see now."""

    async def find_address(
        self, ledger: Ledger, subscriber: str, tickets: Collection[int]
    ) -> Address | None:
        one = await find_subscription(ledger.tx, subscriber.removeprefix(SUBSCRIPTION))
        if one is None:
            return None
        secrets = await live_secrets(ledger.tx, one.subscription_id, keyring=ledger.keyring)
        seen = frozenset(tickets)
        if one.unit_id is not None:
            rows = await ledger.tx.rows(
                STILL_SEEN, bureau=ledger.tx.bureau, unit=one.unit_id, tickets=sorted(tickets)
            )
            seen = frozenset(row.ticket_id for row in rows)
        return Address(one.url, partial(signed_by, secrets), seen)

    async def write(
        self, ledger: Ledger, subscriber: str, deliveries: Sequence[Delivery]
    ) -> Mapping[Key, Message]:
        logs = await list_entries(ledger.tx, sorted({one.stream_id for one in deliveries}))
        written = {}
        for one in deliveries:
            told = [entry for entry in logs[one.stream_id] if entry.seq <= one.seq]
            ticket = fold.fold(one.stream_id, told)
            written[one.stream_id, one.seq] = Message(
                webhook_id=f"{ledger.tx.bureau}-{one.stream_id}-{one.seq}",
                body=thin(one.event_type, ticket.no, state=ticket.state, at=told[-1].recorded_at),
                ticket_id=one.stream_id,
                ticket_no=ticket.no,
            )
        return written


def thin(event_type: str, no: str, *, state: TicketState, at: datetime) -> bytes:
    """Nothing personal: whoever wants more asks with its own key."""
    return orjson.dumps(
        {
            "type": event_type,
            "timestamp": at.astimezone(CITY_ZONE),
            "data": {"no": no, "state": state},
        }
    )
