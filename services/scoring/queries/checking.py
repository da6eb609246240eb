"""Counting once more from where the sums come from: states, facts, and a frozen month's copy."""

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import TextClause, text

from services.scoring.queries.counting import (
    DATES,
    DUES,
    KEYS,
    Wanted,
    read_seen,
)
from services.scoring.rules.tallies import Key, Seen
from shared.db import Tx

# From when a verdict of a round still open counts, worked out again from the fact itself.
_DUE_AT = {
    "contact": "CASE WHEN v.contact_outcome = 'exempt' THEN v.opened_at ELSE v.contact_due END",
    "accept": "v.accept_due",
    "due": "v.complete_due",
    "reply": "coalesce(v.reply_due, v.complete_due)",
}
_IN_PERIOD = ", ".join(
    f"coalesce(v.{one.value}_month BETWEEN :first AND :last, false)" for one in DATES
)
_HAS_COME = ", ".join(
    f"v.completed_at IS NOT NULL OR coalesce({_DUE_AT[one.value]} <= :known_at, true)"
    for one in DUES
)
_ANY_MONTH = " OR ".join(f"v.{one.value}_month BETWEEN :first AND :last" for one in DATES)


def _count(by: str) -> TextClause:
    groups = ", ".join(str(n + 1) for n in range(2 + len(DATES) + len(DUES)))
    return text(
        f"SELECT {KEYS[by]} AS key, v.marks, {_IN_PERIOD}, {_HAS_COME}, count(*)"  # noqa: S608
        f" FROM facts AS v WHERE v.bureau_id = :bureau AND ({_ANY_MONTH}) GROUP BY {groups}"
    )


COUNT_FACTS: Mapping[str, TextClause] = MappingProxyType({by: _count(by) for by in KEYS})


async def count_facts(tx: Tx, wanted: Wanted, by: str) -> list[tuple[Key, Seen]]:
    """From the marks of the facts as they now are."""
    months = wanted.period.months
    rows = await tx.rows(
        COUNT_FACTS[by],
        bureau=tx.bureau,
        first=months[0],
        last=months[-1],
        known_at=wanted.known_at,
    )
    return [read_seen(row) for row in rows]
