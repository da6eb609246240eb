"""Telling a platform that a ticket's state has changed (ruling 49)."""

import asyncio
from datetime import datetime

import orjson
from httpx import AsyncClient

from shared.domain import fold
from shared.domain.calendar import CITY_ZONE
from shared.domain.ticket import Ticket
from shared.domain.words import ClockName
from shared.errors import HotlineError
from shared.events.subscriptions import CALLBACK
from shared.identity.sources import Source, SourceStore
from shared.tickets import Ledger, list_entries
from shared.web.signatures import sign, signed_headers
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
    """Signed as the platform signs. Every try has the same id and the same bytes."""
    name = delivery.subscriber.removeprefix(CALLBACK)
    url = ledger.rulebook.callbacks.get(name)
    source = (await sources.read()).get(name)
    if url is None or source is None:
        return
    log = (await list_entries(ledger.tx, [delivery.stream_id]))[delivery.stream_id]
    told = [entry for entry in log if entry.seq <= delivery.seq]
    ticket = fold.fold(delivery.stream_id, told)
    body = state_change(ticket, name, at=told[-1].recorded_at)
    message_id = f"{ledger.tx.bureau}-{delivery.stream_id}-{delivery.seq}"
    status = await post(client, url, body, headers=headers_of(source, message_id, body))
    if not 200 <= status < 300:
        raise CallbackRefused(f"HTTP {status}")


async def post(client: AsyncClient, url: str, body: bytes, *, headers: dict[str, str]) -> int:
    """The status alone is waited for: however slowly the rest drips, it is not read."""
    async with (
        asyncio.timeout(TIMEOUT_SECONDS),
        client.stream("POST", url, content=body, headers=headers) as response,
    ):
        return response.status_code


def headers_of(source: Source, message_id: str, body: bytes) -> dict[str, str]:
    """Signed with every live secret, so that a platform may change over when it likes."""
    headers = signed_headers(source.secrets[0], message_id, body)
    timestamp = int(headers["webhook-timestamp"])
    signatures = [sign(secret, message_id, timestamp, body) for secret in source.secrets]
    return {
        **headers,
        "webhook-signature": " ".join(signatures),
        "idempotency-key": message_id,
        "content-type": "application/json",
    }


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
