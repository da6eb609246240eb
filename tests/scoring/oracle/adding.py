"""The rounds added up, row by row, and the total (rulings 37, 41, 42)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.scoring.oracle.judging import Found, judge
from tests.scoring.oracle.retelling import Round, Ticket

Key = str | None
Counted = tuple[Ticket, Round, Found]
EIGHT_HOURS = timedelta(hours=8)  # Shanghai, which has no summer time


@dataclass
class Sum:
    """`tenths`: the numerator in tenths; `den` and `excluded` in rounds."""

    tenths: int = 0
    den: int = 0
    excluded: dict[str, int] = field(default_factory=dict)
    behind: list[tuple[str, int, int | str]] = field(default_factory=list)

    def add(self, no: str, number: int, what: int | str) -> None:
        self.behind.append((no, number, what))
        if isinstance(what, str):
            self.excluded[what] = self.excluded.get(what, 0) + 1
        else:
            self.tenths += what
            self.den += 1


Sums = dict[str, Sum]


def bounds(period: str) -> tuple[datetime, datetime]:
    """From the first instant of a month or year in Shanghai to the first one after it."""
    year = int(period[:4])
    if len(period) == 4:
        first, after = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    else:
        month = int(period[5:])
        first = datetime(year, month, 1, tzinfo=UTC)
        after = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return first - EIGHT_HOURS, after - EIGHT_HOURS


def key_of(ticket: Ticket, one: Round, by: str) -> Key:
    if by == "street":
        return ticket.street
    if by == "source":
        return ticket.source
    if by == "trade":
        return one.trade
    if by == "category":
        return one.category
    if by == "unit":
        return one.unit
    part = one.section if by == "section" else one.executor
    return None if one.unit is None or part is None else one.unit + "/" + part


def find_all(
    tickets: Iterable[Ticket], known_at: datetime, *, adjusted: bool = True
) -> list[Counted]:
    """What every round of every ticket counts in, in all periods."""
    counted = []
    for ticket in tickets:
        for one in ticket.rounds:
            for found in judge(ticket, one, known_at, adjusted=adjusted):
                counted.append((ticket, one, found))  # noqa: PERF401
    return counted


def add_up(
    counted: Iterable[Counted],
    period: str,
    by: str,
    *,
    now: datetime,
    emergency: bool = True,
    unit: str | None = None,
) -> dict[Key, Sums]:
    """Every group; a metric that nothing was found for is not in it. None before it began.

    `unit` asks for its own part of each group; units themselves are told whole, to be ranked.
    """
    first, after = bounds(period)
    groups: dict[Key, Sums] = {}
    if first > now:
        return groups
    for ticket, one, (metric, when, what) in counted:
        if ticket.had_emergency and not emergency:
            continue
        if unit is not None and by != "unit" and one.unit != unit:
            continue
        if first <= when < after:
            sums = groups.setdefault(key_of(ticket, one, by), {})
            sums.setdefault(metric, Sum()).add(ticket.no, one.number, what)
    return groups


def shown(groups: dict[Key, Sums]) -> dict[Key, Sums]:
    """Rows: all with an intake or a denominator, and what is excluded is shown too (ruling 40).

    So a row is whatever holds a number: they add up to what the total is made of.
    """
    rows = {}
    for key, sums in groups.items():
        for one in sums.values():
            if one.den or one.excluded:
                rows[key] = sums
    return rows


def total(rows: dict[Key, Sums]) -> Sums:
    whole: Sums = {}
    for sums in rows.values():
        for metric, one in sums.items():
            for no, number, what in one.behind:
                whole.setdefault(metric, Sum()).add(no, number, what)
    return whole
