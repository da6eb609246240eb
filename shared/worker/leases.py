"""Leases on calls to others: who may make a call now, and write what came of it.

By real time, committed before the call. What is taken is found by the index, so it costs the same
however much is owed.
"""

import time
from collections.abc import Sequence
from uuid import uuid4

import orjson
from sqlalchemy import text

from shared.db import Tx
from shared.models.messages import OUTSIDE
from shared.tickets import Hotline, Ledger
from shared.worker.calls import Claim, Key, Sender, read_claim

LEASE_SECONDS = 4
LEFT_SECONDS = 1  # to a newer release, before we look at it again

IS_DUE = (
    f"d.parked_at IS NULL AND {OUTSIDE.replace('subscriber', 'd.subscriber')}"
    " AND (d.attempts + d.deferrals = 0 OR d.next_try_at <= :now)"
    " AND (d.leased_until IS NULL OR d.leased_until <= clock_timestamp())"
)
IS_ENABLED = (
    "NOT EXISTS (SELECT FROM endpoints AS p WHERE p.bureau_id = :bureau"
    " AND p.subscriber = {subscriber} AND p.disabled_at IS NOT NULL)"
)
NEXT = (
    "(SELECT min(d.subscriber) FROM deliveries AS d WHERE d.bureau_id = :bureau"  # noqa: S608
    f" AND d.parked_at IS NULL AND {OUTSIDE.replace('subscriber', 'd.subscriber')}{{after}})"
)
# From name to name by the index, and in its order: what is owed is not walked through.
RECEIVERS = text(
    f"WITH RECURSIVE owed(subscriber) AS (SELECT {NEXT.format(after='')}"  # noqa: S608
    f" UNION ALL SELECT {NEXT.format(after=' AND d.subscriber > owed.subscriber')}"
    "  FROM owed WHERE owed.subscriber IS NOT NULL)"
    " SELECT owed.subscriber FROM owed"
    " WHERE split_part(owed.subscriber, ':', 1) || ':' = ANY(CAST(:prefixes AS text[]))"
    f" AND {IS_ENABLED.format(subscriber='owed.subscriber')}"
    " AND EXISTS (SELECT FROM deliveries AS d WHERE d.bureau_id = :bureau"
    f"  AND d.subscriber = owed.subscriber AND {IS_DUE} ORDER BY d.next_try_at OFFSET 0)"
    " ORDER BY owed.subscriber"
)
# Never the second of a ticket's deliveries while the first is still owed. OFFSET keeps that a look
# for each row: a join would read all that is owed, however little is taken. Materialized: a join
# may run a subquery more than once, and each run would skip what the one before has locked.
LEASE = text(
    "WITH taken AS MATERIALIZED (SELECT d.stream_id, d.seq FROM deliveries AS d"  # noqa: S608
    f" WHERE d.bureau_id = :bureau AND d.subscriber = :subscriber AND {IS_DUE}"
    f" AND {IS_ENABLED.format(subscriber=':subscriber')}"
    " AND NOT EXISTS (SELECT FROM deliveries AS earlier WHERE earlier.bureau_id = d.bureau_id"
    " AND earlier.stream_id = d.stream_id AND earlier.subscriber = d.subscriber"
    " AND earlier.seq < d.seq OFFSET 0)"
    " ORDER BY d.next_try_at, d.stream_id, d.seq LIMIT :most FOR UPDATE SKIP LOCKED)"
    " UPDATE deliveries AS d SET lease = :lease,"
    f" leased_until = clock_timestamp() + interval '{LEASE_SECONDS} seconds'"
    " FROM taken WHERE d.bureau_id = :bureau AND d.subscriber = :subscriber"
    " AND d.stream_id = taken.stream_id AND d.seq = taken.seq"
    " RETURNING d.stream_id, d.seq, d.subscriber, d.event_type, d.attempts, d.deferrals"
)

RENEW = text(
    "UPDATE deliveries AS d SET leased_until ="  # noqa: S608 - constants only
    f" clock_timestamp() + interval '{LEASE_SECONDS} seconds'"
    " FROM json_to_recordset(CAST(:rows AS json)) AS r(stream_id bigint, seq bigint, lease uuid)"
    " WHERE d.bureau_id = :bureau AND d.subscriber = :subscriber AND d.lease = r.lease"
    " AND d.stream_id = r.stream_id AND d.seq = r.seq RETURNING d.stream_id, d.seq"
)
LEAVE = text(
    f"UPDATE deliveries SET leased_until = clock_timestamp() + interval '{LEFT_SECONDS} second'"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND subscriber = :subscriber AND stream_id = :stream"
    " AND seq = :seq AND lease = :lease"
)


async def find_receivers(hotline: Hotline, bureau: int, sender: Sender) -> list[str]:
    async with hotline.ledger(bureau, writing=False) as ledger:
        rows = await ledger.tx.rows(
            RECEIVERS, bureau=bureau, now=ledger.now, prefixes=list(sender.mailboxes)
        )
    return [row.subscriber for row in rows]


async def lease(ledger: Ledger, subscriber: str, most: int) -> list[Claim]:
    """At most so many calls, each of another ticket, in the order in which they fall due."""
    token, at = uuid4(), time.monotonic()
    rows = await ledger.tx.rows(
        LEASE,
        bureau=ledger.tx.bureau,
        subscriber=subscriber,
        now=ledger.now,
        lease=token,
        most=most,
    )
    return [read_claim(row, lease=token, at=at) for row in rows]


async def renew(tx: Tx, subscriber: str, claims: Sequence[Claim]) -> set[Key]:
    """Those that are still ours."""
    keys = [{"stream_id": one.key[0], "seq": one.key[1], "lease": str(one.lease)} for one in claims]
    rows = await tx.rows(
        RENEW, bureau=tx.bureau, subscriber=subscriber, rows=orjson.dumps(keys).decode()
    )
    return {(row.stream_id, row.seq) for row in rows}


async def leave(tx: Tx, subscriber: str, claim: Claim) -> None:
    """Nobody of our release looks at it for a moment."""
    stream, seq = claim.key
    await tx.run(
        LEAVE,
        bureau=tx.bureau,
        subscriber=subscriber,
        stream=stream,
        seq=seq,
        lease=claim.lease,
    )
