"""After a call: what its answer means, written only while the lease to make it still stands."""

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import text

from shared.domain.calendar import in_city
from shared.outgoing import Answer
from shared.outgoing.client import GONE
from shared.tickets import Ledger
from shared.tickets.receivers import mark_failing, mark_gone, mark_sound
from shared.worker.calls import Claim, Key
from shared.worker.deliveries import forget

log = logging.getLogger(__name__)

# Between ten tries: about 75 hours in all.
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
MAX_TRIES = 1 + len(WAITS)
# "Not now, in so many seconds" costs no try, but neither for ever nor later than a day.
MAX_DEFERRALS = 20
SHORTEST_DEFERRAL, LONGEST_DEFERRAL = 1.0, 86_400.0

# The fence is the lease: whoever holds it still, and nobody else, may write a result.
HELD = text(
    "SELECT d.stream_id, d.seq FROM deliveries AS d"
    " JOIN json_to_recordset(CAST(:rows AS json)) AS r(stream_id bigint, seq bigint, lease uuid)"
    " ON d.stream_id = r.stream_id AND d.seq = r.seq AND d.lease = r.lease"
    " WHERE d.bureau_id = :bureau AND d.subscriber = :subscriber"
    " ORDER BY d.stream_id, d.seq FOR UPDATE OF d"
)
POSTPONE = text(
    "UPDATE deliveries AS d SET attempts = d.attempts + r.counted,"
    " deferrals = d.deferrals + 1 - r.counted, last_error = r.error,"
    " first_error = coalesce(d.first_error, r.error), next_try_at = r.next_try_at,"
    " first_failed_at = coalesce(d.first_failed_at, clock_timestamp()),"
    " last_failed_at = clock_timestamp(),"
    " parked_at = r.parked_at, lease = NULL, leased_until = NULL"
    " FROM json_to_recordset(CAST(:rows AS json)) AS r(stream_id bigint, seq bigint,"
    " counted smallint, error text, next_try_at timestamptz, parked_at timestamptz)"
    " WHERE d.bureau_id = :bureau AND d.subscriber = :subscriber"
    " AND d.stream_id = r.stream_id AND d.seq = r.seq"
)
NOTE = text(
    "UPDATE callback_log AS l SET tries = l.tries || r.try, state = r.state,"
    " settled_at = r.settled_at"
    " FROM json_to_recordset(CAST(:rows AS json)) AS r(stream_id bigint, seq bigint, try jsonb,"
    " state text, settled_at timestamptz)"
    " WHERE l.bureau_id = :bureau AND l.subscriber = :subscriber"
    " AND l.stream_id = r.stream_id AND l.seq = r.seq"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    claim: Claim
    answer: Answer

    @property
    def key(self) -> Key:
        return self.claim.key

    @property
    def is_deferral(self) -> bool:
        """The receiver is well and asks for time; or is gone, which is no fault of the message."""
        if self.answer.status == GONE:
            return True
        return self.answer.retry_after is not None and self.claim.deferrals < MAX_DEFERRALS

    @property
    def is_last(self) -> bool:
        return not self.is_deferral and self.claim.delivery.attempts + 1 >= MAX_TRIES

    def next_try(self, now: datetime) -> datetime:
        if self.answer.status == GONE:
            return now  # once somebody has enabled the receiver again
        if self.is_deferral:
            asked = min(max(self.answer.retry_after or 0, SHORTEST_DEFERRAL), LONGEST_DEFERRAL)
            return now + timedelta(seconds=asked * random.uniform(1.0, 1.1))  # noqa: S311
        wait = WAITS[min(self.claim.delivery.attempts, len(WAITS) - 1)]
        return now + wait * random.uniform(0.9, 1.1)  # noqa: S311 - spreads, decides nothing


async def write_outcomes(
    ledger: Ledger, subscriber: str, outcomes: Sequence[Outcome], *, patience: timedelta
) -> None:
    """All of one receiver's, which is disabled after `patience` without a success.

    What another worker has taken over since is left to that one.
    """
    held = await _held(ledger, subscriber, outcomes)
    if not held:
        return
    accepted = [one for one in held if one.answer.is_accepted]
    failed = [one for one in held if not one.answer.is_accepted]
    if accepted:
        await forget(ledger.tx, [one.claim.delivery for one in accepted])
    if failed:
        await _run(ledger, POSTPONE, subscriber, [_postponed(one, ledger.now) for one in failed])
    await _run(ledger, NOTE, subscriber, [_noted(one, ledger.now) for one in held])
    if any(one.answer.status == GONE for one in failed):
        await mark_gone(ledger, subscriber)
    elif accepted:
        await mark_sound(ledger, subscriber)
    elif not all(one.is_deferral for one in failed):
        await mark_failing(ledger, subscriber, patience=patience)


async def _held(ledger: Ledger, subscriber: str, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Those whose lease still stands; nobody takes them before this transaction ends."""
    asked = [
        {"stream_id": one.key[0], "seq": one.key[1], "lease": str(one.claim.lease)}
        for one in outcomes
    ]
    rows = await ledger.tx.rows(
        HELD, bureau=ledger.tx.bureau, subscriber=subscriber, rows=orjson.dumps(asked).decode()
    )
    held = {(row.stream_id, row.seq) for row in rows}
    for stream, _ in (one.key for one in outcomes if one.key not in held):
        log.warning(
            "lease lost, result left", extra={"subscriber": subscriber, "stream_id": stream}
        )
    return [one for one in outcomes if one.key in held]


async def _run(ledger: Ledger, statement: Any, subscriber: str, rows: list[dict[str, Any]]) -> None:
    await ledger.tx.run(
        statement,
        bureau=ledger.tx.bureau,
        subscriber=subscriber,
        rows=orjson.dumps(rows).decode(),
    )


def _postponed(outcome: Outcome, now: datetime) -> dict[str, Any]:
    stream, seq = outcome.key
    return {
        "stream_id": stream,
        "seq": seq,
        "counted": 0 if outcome.is_deferral else 1,
        "error": outcome.answer.reason,
        "next_try_at": outcome.next_try(now),
        "parked_at": now if outcome.is_last else None,
    }


def _noted(outcome: Outcome, now: datetime) -> dict[str, Any]:
    stream, seq = outcome.key
    answer = outcome.answer
    state = "delivered" if answer.is_accepted else "parked" if outcome.is_last else "waiting"
    return {
        "stream_id": stream,
        "seq": seq,
        "try": {
            "at": in_city(now).isoformat(),
            "status": answer.status,
            "error": answer.error,
            "milliseconds": answer.milliseconds,
        },
        "state": state,
        "settled_at": now if answer.is_accepted else None,
    }
