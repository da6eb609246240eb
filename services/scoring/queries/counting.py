"""What figures are counted from: the sums, or the states of rounds as they were known."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import TextClause, text

from services.scoring.rules.marks import LETTERS, NOTHING, VERDICTS, Marked
from services.scoring.rules.metrics import METRICS, Dated, Due, Metric
from services.scoring.rules.periods import Period
from services.scoring.rules.tallies import Key, Seen
from services.scoring.rules.verdicts import Part
from shared.db import Tx

Scope = frozenset[str] | None

KEYS: Mapping[str, str] = MappingProxyType(
    {
        "unit": "v.unit",
        "section": "v.unit || '/' || v.section",
        "executor": "v.unit || '/' || v.executor",
        "trade": "v.trade",
        "street": "v.street",
        "source": "v.source",
        "category": "v.category",
    }
)
DATES = tuple(Dated)
DUES = tuple(Due)
_IN_PERIOD = ", ".join(
    f"coalesce(v.{one.value}_month BETWEEN :first AND :last, false)" for one in DATES
)
# By then a due has come, or nothing waits for it.
_HAS_COME = ", ".join(f"coalesce(v.{one.value}_from <= :known_at, true)" for one in DUES)
_HAS_WAITED = ", ".join(f"coalesce(v.{one.value}_from <= :known_at, false)" for one in DUES)
_MARKS = "CASE WHEN :adjusted THEN v.marks ELSE coalesce(v.plain_marks, v.marks) END"
_ASKED = (
    " v.bureau_id = :bureau AND (CAST(:units AS text[]) IS NULL"
    " OR v.unit = ANY(CAST(:units AS text[])))"
    " AND (:emergency OR NOT v.emergency) AND v.ticket_id <> ALL(CAST(:owed AS bigint[]))"
)
# Under a policy no index on arrays is of use: the function looks into it, for the same rows.
STATES_THEN = "minhu_versions_known(CAST(:months AS integer[]), :known_at)"
_FROZEN = " AND v.period = :period AND v.revision = :revision"
# What still stands, by the indexes of the months.
_NOW = " AND v.known_to = 'infinity' AND ({})".format(
    " OR ".join(f"v.{one.value}_month BETWEEN :first AND :last" for one in DATES)
)
_WAITING = " OR ".join(f"v.{one.value}_from <= :known_at" for one in DUES)
# Rounds in work, one of whose dues has come: in none of the sums yet. What is removed has no month
# at all, and only with all three conditions is the small index of open rounds of use.
_LIVE = (
    " AND v.known_to = 'infinity' AND v.completed_month IS NULL AND v.opened_month IS NOT NULL"
    f" AND ({_WAITING})"
)

LIST_SUMS = text(
    'SELECT key, counts FROM sums WHERE bureau_id = :bureau AND "by" = :by'
    " AND month = ANY(CAST(:months AS integer[]))"
)
LIST_FROZEN_SUMS = text(
    "SELECT key, counts FROM frozen_sums WHERE bureau_id = :bureau"
    ' AND period = :period AND revision = :revision AND "by" = :by'
)
UNIT_IS_KNOWN = text(
    "SELECT EXISTS (SELECT FROM sums WHERE bureau_id = :bureau AND \"by\" = 'unit' AND key = :key)"
)


def _count(by: str, dues: str, condition: str, *, table: str = "fact_versions") -> TextClause:
    groups = ", ".join(str(n + 1) for n in range(2 + len(DATES) + len(DUES)))
    return text(
        f"SELECT {KEYS[by]} AS key, {_MARKS} AS marks, {_IN_PERIOD}, {dues},"  # noqa: S608
        f" count(*) FROM {table} AS v WHERE{_ASKED}{condition} GROUP BY {groups}"
    )


COUNT_THEN: Mapping[str, TextClause] = MappingProxyType(
    {by: _count(by, _HAS_COME, "", table=STATES_THEN) for by in KEYS}
)
COUNT_NOW: Mapping[str, TextClause] = MappingProxyType(
    {by: _count(by, _HAS_COME, _NOW) for by in KEYS}
)
COUNT_LIVE: Mapping[str, TextClause] = MappingProxyType(
    {by: _count(by, _HAS_WAITED, _LIVE) for by in KEYS}
)
COUNT_FROZEN: Mapping[str, TextClause] = MappingProxyType(
    {by: _count(by, _HAS_COME, _FROZEN, table="frozen_states") for by in KEYS}
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """`units`: whose rounds, None for all; `emergency` False leaves out what came under a plan.

    `adjusted` False: as if no appeal and no exclusion had been granted. `owed`: tickets not folded
    yet, which are left to whoever folds them. `revision`: of the frozen period, from its own copy.
    """

    period: Period
    known_at: datetime
    units: Scope = None
    emergency: bool = True
    adjusted: bool = True
    owed: tuple[int, ...] = ()
    revision: int | None = None

    @property
    def values(self) -> dict[str, Any]:
        months = self.period.months
        return {
            "first": months[0],
            "last": months[-1],
            "known_at": self.known_at,
            "units": None if self.units is None else sorted(self.units),
            "emergency": self.emergency,
            "owed": list(self.owed),
        } | ({} if self.revision is None else self.frozen)

    @property
    def frozen(self) -> dict[str, Any]:
        return {"period": self.period.id, "revision": self.revision}

    def holds(self, state: Marked) -> bool:
        """Whether the round is one of those asked for, in whatever month."""
        of_unit = self.units is None or state.unit in self.units
        return of_unit and (self.emergency or not state.emergency)


async def list_sums(tx: Tx, period: Period, by: str) -> list[tuple[str, Sequence[int]]]:
    rows = await tx.rows(LIST_SUMS, bureau=tx.bureau, by=by, months=list(period.months))
    return [(row.key, row.counts) for row in rows]


async def count_then(tx: Tx, wanted: Wanted, by: str) -> list[tuple[Key, Seen]]:
    """All that counts in the period as known then."""
    months = list(wanted.period.months)
    adjusted = wanted.adjusted
    rows = await tx.rows(
        COUNT_THEN[by], bureau=tx.bureau, months=months, adjusted=adjusted, **wanted.values
    )
    return [read_seen(row) for row in rows]


async def list_frozen_sums(tx: Tx, wanted: Wanted, by: str) -> list[tuple[str, list[int]]]:
    rows = await tx.rows(LIST_FROZEN_SUMS, bureau=tx.bureau, by=by, **wanted.frozen)
    return [(row.key, row.counts) for row in rows]


async def count_frozen(tx: Tx, wanted: Wanted, by: str) -> list[tuple[Key, Seen]]:
    """What stood when the month was frozen, from its own copy."""
    adjusted = wanted.adjusted
    rows = await tx.rows(COUNT_FROZEN[by], bureau=tx.bureau, adjusted=adjusted, **wanted.values)
    return [read_seen(row) for row in rows]


async def count_now(tx: Tx, wanted: Wanted, by: str) -> list[tuple[Key, Seen]]:
    """All that counts in the period as known now; `known_at` says which dues have come."""
    adjusted = wanted.adjusted
    rows = await tx.rows(COUNT_NOW[by], bureau=tx.bureau, adjusted=adjusted, **wanted.values)
    return [read_seen(row) for row in rows]


async def count_live(tx: Tx, wanted: Wanted, by: str) -> list[tuple[Key, Seen]]:
    """What has fallen due of rounds still in work, and of nothing else."""
    adjusted = wanted.adjusted
    rows = await tx.rows(COUNT_LIVE[by], bureau=tx.bureau, adjusted=adjusted, **wanted.values)
    return [_waiting(row) for row in rows]


def read_seen(row: Sequence[Any]) -> tuple[Key, Seen]:
    key, marks, *flags, rounds = row
    dates = frozenset(one for one, holds in zip(DATES, flags, strict=False) if holds)
    dues = frozenset(one for one, come in zip(DUES, flags[len(DATES) :], strict=True) if come)
    # An older release may have known fewer metrics.
    return key, Seen(dates, dues, marks.ljust(len(METRICS), NOTHING), rounds)


def _waiting(row: Sequence[Any]) -> tuple[Key, Seen]:
    """Only the marks that waited: the others are in the sums."""
    key, seen = read_seen(row)
    marks = "".join(
        NOTHING if metric.due is None else letter
        for metric, letter in zip(METRICS, seen.marks, strict=True)
    )
    return key, Seen(seen.dates, seen.dues, marks, seen.rounds)


async def is_known_unit(tx: Tx, key: str) -> bool:
    """Any unit that ever had a round, also one that is no more."""
    row = await tx.row(UNIT_IS_KNOWN, bureau=tx.bureau, key=key)
    return row is not None and bool(row[0])


@dataclass(frozen=True, slots=True)
class Counted:
    """One round behind a figure; `letter` is its mark there."""

    no: str
    round: int
    letter: str


async def list_counted(
    tx: Tx,
    wanted: Wanted,
    metric: Metric,
    *,
    by: str,
    part: Part,
    keys: Collection[Key],
    after: tuple[str, int],
    limit: int,
) -> list[Counted]:
    """Exactly the rounds in that part of the figure, in order; without `keys` those of the total.

    What still stands is read in order from an index of its own, what has changed since `known_at`
    from the states that then stood.
    """
    statement = _list(metric, by=by, wanted=wanted, keyed=bool(keys), unknown=None in keys)
    letters = [LETTERS[one] for one in VERDICTS.values() if one.is_in(part)]
    rows = await tx.rows(
        statement,
        bureau=tx.bureau,
        months=list(wanted.period.months),
        letters=letters,
        keys=[key for key in keys if key is not None],
        no=after[0],
        round=after[1],
        limit=limit,
        **wanted.values,
    )
    return [Counted(row.no, row.round, row.letter) for row in rows]


def _list(metric: Metric, *, by: str, wanted: Wanted, keyed: bool, unknown: bool) -> TextClause:
    """Each month by itself, so that its index gives the order too; a year is twelve of them."""
    month = f"v.{metric.dated.value}_month"
    marks = "v.marks" if wanted.adjusted else "coalesce(v.plain_marks, v.marks)"
    letter = f"substr({marks}, {METRICS.index(metric) + 1}, 1)"
    rest = ""
    if metric.due is not None:
        rest = f" AND coalesce(v.{metric.due.value}_from <= :known_at, true)"
    if keyed:
        rest += (
            f" AND {KEYS[by]} IS NULL"
            if unknown
            else f" AND {KEYS[by]} = ANY(CAST(:keys AS text[]))"
        )
    table = "fact_versions" if wanted.revision is None else "frozen_states"
    of_page = (
        f"SELECT v.no, v.round, {letter} AS letter FROM {table} AS v"  # noqa: S608
        f" WHERE{_ASKED} AND {letter} = ANY(CAST(:letters AS text[])){rest}"
        " AND (v.no, v.round) > (:no, :round) AND v.known_from <= :known_at AND %s"
        " ORDER BY v.no, v.round LIMIT :limit"
    )
    if wanted.revision is not None:
        return text(of_page % f"{month} BETWEEN :first AND :last{_FROZEN}")
    standing = of_page % f"v.known_to = 'infinity' AND {month} = m.month"
    changed = of_page % (
        "v.known_to > :known_at AND v.known_to < 'infinity'"
        f" AND v.months && CAST(:months AS integer[]) AND {month} BETWEEN :first AND :last"
    )
    return text(
        "(SELECT p.no, p.round, p.letter FROM unnest(CAST(:months AS integer[])) AS m(month)"  # noqa: S608
        f" CROSS JOIN LATERAL ({standing}) AS p) UNION ALL ({changed})"
        " ORDER BY no, round LIMIT :limit"
    )


async def list_verdicts(
    tx: Tx, wanted: Wanted, metrics: Sequence[Metric], *, by: str
) -> list[tuple[Key, str, int, Seen]]:
    """Row, ticket and round of all that counts in one of these metrics, as known then."""
    if not metrics:
        return []
    counts = " OR ".join(
        f"substr({_MARKS}, {METRICS.index(metric) + 1}, 1) <> '{NOTHING}'" for metric in metrics
    )
    is_live = wanted.revision is None
    table, holds = (STATES_THEN, "") if is_live else ("frozen_states", _FROZEN)
    statement = text(
        f"SELECT v.no, v.round, {KEYS[by]} AS key, {_MARKS} AS marks,"  # noqa: S608
        f" {_IN_PERIOD}, {_HAS_COME}, 1 AS rounds"
        f" FROM {table} AS v WHERE{_ASKED}{holds} AND ({counts})"
    )
    months, adjusted = list(wanted.period.months), wanted.adjusted
    rows = await tx.rows(
        statement, bureau=tx.bureau, months=months, adjusted=adjusted, **wanted.values
    )
    found = []
    for row in rows:
        key, seen = read_seen(row[2:])
        found.append((key, row.no, row.round, seen))
    return found
