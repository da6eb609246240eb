"""Before a call: what was said at its first try, or is put into words now, and where it goes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from sqlalchemy import text

from shared import models
from shared.outgoing import Letter
from shared.tickets import Ledger
from shared.tickets.statements import write_rows
from shared.worker.calls import Address, Claim, Key, Mailbox, Message, Sender
from shared.worker.deliveries import Delivery, forget

KEYS = (
    " FROM callback_log AS c, json_to_recordset(CAST(:keys AS json)) AS k(stream_id bigint,"
    " seq bigint) WHERE c.bureau_id = :bureau AND c.subscriber = :subscriber"
    " AND c.stream_id = k.stream_id AND c.seq = k.seq"
)
SAID = text(
    "SELECT c.stream_id, c.seq, c.webhook_id, c.body, c.ticket_id, c.ticket_no, c.trace" + KEYS
)
COLUMNS = (
    "subscriber",
    "stream_id",
    "seq",
    "ticket_id",
    "ticket_no",
    "event_type",
    "webhook_id",
    "body",
    "trace",
    "state",
    "tries",
    "created_at",
)
TRACES = text(
    "SELECT e.ticket_id, e.seq, e.trace FROM ticket_events AS e,"
    " json_to_recordset(CAST(:keys AS json)) AS k(stream_id bigint, seq bigint)"
    " WHERE e.bureau_id = :bureau AND e.ticket_id = k.stream_id AND e.seq = k.seq"
)
KEEP = text(write_rows(models.callback_log, "calls", COLUMNS))
CANCEL = text(
    "UPDATE callback_log AS l SET state = 'cancelled', settled_at = :now"  # noqa: S608
    " FROM"
    " (SELECT c.number" + KEYS + ") AS found WHERE l.bureau_id = :bureau"
    " AND l.number = found.number"
)


async def prepare(ledger: Ledger, claims: Sequence[Claim], sender: Sender) -> Mapping[Key, Letter]:
    """A letter for every claim, but for those that nobody may hear of any more: forgotten."""
    if not claims:
        return {}
    subscriber = claims[0].delivery.subscriber
    mailbox = sender.mailbox_of(subscriber)
    known = await _said(ledger, claims, subscriber)
    tickets = {
        known[one.key].ticket_id if one.key in known else one.delivery.stream_id for one in claims
    }
    address = await mailbox.find_address(ledger, subscriber, tickets)
    if address is None:
        await _cancel(ledger, claims, subscriber)
        return {}
    unsaid = [
        one.delivery
        for one in claims
        if one.key not in known and one.delivery.stream_id in address.may_hear
    ]
    written = await _write(ledger, mailbox, unsaid) if unsaid else {}
    await _keep(ledger, unsaid, written)
    said = {
        key: message
        for key, message in {**known, **written}.items()
        if message.ticket_id in address.may_hear
    }
    await _cancel(ledger, [one for one in claims if one.key not in said], subscriber)
    return {
        key: Letter(address.url, message.body, _headers(address, message))
        for key, message in said.items()
    }


async def _write(
    ledger: Ledger, mailbox: Mailbox, deliveries: Sequence[Delivery]
) -> dict[Key, Message]:
    """With the trace of the request that each of them came of."""
    written = await mailbox.write(ledger, deliveries[0].subscriber, deliveries)
    keys = [{"stream_id": one.stream_id, "seq": one.seq} for one in deliveries]
    rows = await ledger.tx.rows(TRACES, bureau=ledger.tx.bureau, keys=orjson.dumps(keys).decode())
    traces = {(row.ticket_id, row.seq): row.trace for row in rows}
    return {key: replace(message, trace=traces.get(key)) for key, message in written.items()}


def _headers(address: Address, message: Message) -> dict[str, str]:
    trace = {} if message.trace is None else {"traceparent": message.trace}
    return address.sign(message.webhook_id, message.body) | trace


async def _said(ledger: Ledger, claims: Sequence[Claim], subscriber: str) -> dict[Key, Message]:
    rows = await ledger.tx.rows(
        SAID, bureau=ledger.tx.bureau, subscriber=subscriber, keys=_keys(claims)
    )
    return {
        (row.stream_id, row.seq): Message(
            row.webhook_id, bytes(row.body), row.ticket_id, row.ticket_no, row.trace
        )
        for row in rows
    }


async def _keep(
    ledger: Ledger, deliveries: Sequence[Delivery], written: Mapping[Key, Message]
) -> None:
    calls: list[dict[str, Any]] = [
        {
            "subscriber": one.subscriber,
            "stream_id": one.stream_id,
            "seq": one.seq,
            "ticket_id": message.ticket_id,
            "ticket_no": message.ticket_no,
            "event_type": one.event_type,
            "webhook_id": message.webhook_id,
            "body": f"\\x{message.body.hex()}",
            "trace": message.trace,
            "state": "waiting",
            "tries": [],
            "created_at": ledger.now,
        }
        for one in deliveries
        if (message := written.get((one.stream_id, one.seq))) is not None
    ]
    if calls:
        await ledger.tx.run(KEEP, bureau=ledger.tx.bureau, calls=orjson.dumps(calls).decode())


async def _cancel(ledger: Ledger, claims: Sequence[Claim], subscriber: str) -> None:
    if not claims:
        return
    await ledger.tx.run(
        CANCEL,
        bureau=ledger.tx.bureau,
        subscriber=subscriber,
        keys=_keys(claims),
        now=ledger.now,
    )
    await forget(ledger.tx, [one.delivery for one in claims])


def _keys(claims: Sequence[Claim]) -> str:
    return orjson.dumps([{"stream_id": s, "seq": n} for s, n in (c.key for c in claims)]).decode()
