"""Telling a platform that a ticket's state has changed (ruling 49)."""

import orjson
from httpx import AsyncClient

from shared.domain.calendar import CITY_ZONE
from shared.domain.ticket import Ticket
from shared.domain.words import ClockName
from shared.errors import HotlineError
from shared.events.subscriptions import CALLBACK
from shared.identity.sources import SourceStore
from shared.tickets import Ledger, find_tickets
from shared.web.signatures import signed_headers
from shared.worker.deliveries import Delivery

TIMEOUT_SECONDS = 5.0


class CallbackRefused(HotlineError):
    """Counted and tried again: nothing of ours is away."""

    title = "平台未接受回调"


def open_client() -> AsyncClient:
    return AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False)


async def send_state_change(
    ledger: Ledger, delivery: Delivery, *, client: AsyncClient, sources: SourceStore
) -> None:
    """Signed as the platform signs; the id stays the same for every try."""
    name = delivery.subscriber.removeprefix(CALLBACK)
    url = ledger.rulebook.callbacks.get(name)
    source = (await sources.read()).get(name)
    if url is None or source is None:
        return
    tickets = await find_tickets(ledger.tx, [delivery.stream_id])
    body = state_change(tickets[delivery.stream_id], name, ledger)
    message_id = f"{ledger.tx.bureau}-{delivery.stream_id}-{delivery.seq}"
    headers = signed_headers(source.secrets[0], message_id, body)
    response = await client.post(
        url, content=body, headers={**headers, "content-type": "application/json"}
    )
    if response.status_code >= 300:
        raise CallbackRefused(f"HTTP {response.status_code}")


def state_change(ticket: Ticket, source: str, ledger: Ledger) -> bytes:
    clock = ticket.clock(ClockName.COMPLETE)
    due = clock.due if clock is not None else None
    number = next((one.no for one in ticket.upstream if one.source == source), None)
    done = ticket.completed_at
    return orjson.dumps(
        {
            "type": "ticket.state_changed",
            "timestamp": ledger.now.astimezone(CITY_ZONE),
            "data": {
                "upstream_no": number,
                "no": ticket.no,
                "state": ticket.state,
                "due": due.astimezone(CITY_ZONE) if due else None,
                "completed_at": done.astimezone(CITY_ZONE) if done else None,
            },
        }
    )
