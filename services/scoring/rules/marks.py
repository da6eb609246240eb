"""Marks: a round's verdict in every metric as one short text, and the months it belongs to.

One character a metric, in the order of METRICS. It is what figures are counted from, now, for any
instant of the past, and by whoever reads the views.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from types import MappingProxyType

from services.scoring.rules.fact import Fact
from services.scoring.rules.metrics import (
    METRICS,
    Dated,
    Due,
    due_at,
    instant,
    plain,
    verdict_of,
)
from services.scoring.rules.verdicts import EXCLUDED, EXCLUSIONS, NO, SATISFACTION, YES, Verdict
from shared.domain.calendar import CITY_ZONE
from shared.domain.words import Satisfaction

NOTHING = "."
VERDICTS: Mapping[str, Verdict] = MappingProxyType(
    {
        "0": NO,
        "1": YES,
        "6": SATISFACTION[Satisfaction.NEUTRAL],
        "8": SATISFACTION[Satisfaction.MOSTLY_SATISFIED],
        "u": EXCLUDED["unrated"],
        "n": EXCLUDED["unreachable"],
        "r": EXCLUDED["refused"],
        "f": EXCLUDED["not_followed_up"],
        "v": EXCLUDED["unvalued"],
        "e": EXCLUDED["exempt"],
        "p": EXCLUDED["no_reply_needed"],
        "a": EXCLUDED["appeal"],
        **{
            letter: EXCLUDED[reason]
            for letter, reason in zip("ABCDEFGHIJ", EXCLUSIONS, strict=True)
        },
    }
)
LETTERS: Mapping[Verdict | None, str] = MappingProxyType(
    {None: NOTHING, **{verdict: letter for letter, verdict in VERDICTS.items()}}
)


@dataclass(frozen=True, slots=True)
class Marked:
    """A fact as far as it counts: whose it is, in which months, and how.

    Months are numbers, 202611 for November 2026; None where the round is in none. The four
    `…_from`: from when a verdict that waits for a due counts, None where it counts at once.
    `plain_marks`: without appeals and exclusions, None where that is no difference. `seq`: the
    entry that made it so.
    """

    ticket_id: int
    round: int
    seq: int
    known_from: datetime
    no: str
    source: str
    unit: str | None
    section: str | None
    executor: str | None
    trade: str | None
    category: str | None
    street: str | None
    emergency: bool
    opened_month: int | None
    dispatched_month: int | None
    contact_month: int | None
    due_month: int | None
    completed_month: int | None
    reply_month: int | None
    contact_from: datetime | None
    accept_from: datetime | None
    due_from: datetime | None
    reply_from: datetime | None
    marks: str
    plain_marks: str | None

    def counts_as(self, other: "Marked") -> bool:
        """Whether the two are counted alike, whenever they became known."""
        return self.content == other.content

    @property
    def content(self) -> tuple[object, ...]:
        found: tuple[object, ...] = CONTENT(self)
        return found


CONTENT = attrgetter(*tuple(Marked.__dataclass_fields__)[4:])


def mark(fact: Fact) -> Marked:
    """A fact that has left every figure is in no month and bears no mark."""
    gone = fact.removed is not None
    dates = {} if gone else {dated: instant(fact, dated) for dated in Dated}
    waits = {} if gone or fact.completed_at else {due: due_at(fact, due) for due in Due}
    months = {dated: month_number(at) for dated, at in dates.items() if at is not None}
    marks = _marks(fact, months)
    plain_fact = plain(fact)
    plain_marks = marks if plain_fact is fact else _marks(plain_fact, months)
    return Marked(
        ticket_id=fact.ticket_id,
        round=fact.round,
        seq=fact.seq,
        known_from=fact.known_from,
        no=fact.no,
        source=fact.source,
        unit=fact.unit,
        section=fact.section,
        executor=fact.executor,
        trade=fact.trade,
        category=fact.category,
        street=fact.street,
        emergency=fact.emergency is not None,
        opened_month=months.get(Dated.OPENED),
        dispatched_month=months.get(Dated.DISPATCHED),
        contact_month=months.get(Dated.CONTACT),
        due_month=months.get(Dated.DUE),
        completed_month=months.get(Dated.COMPLETED),
        reply_month=months.get(Dated.REPLY),
        contact_from=waits.get(Due.CONTACT),
        accept_from=waits.get(Due.ACCEPT),
        due_from=waits.get(Due.DUE),
        reply_from=waits.get(Due.REPLY),
        marks=marks,
        plain_marks=plain_marks if plain_marks != marks else None,
    )


def _marks(fact: Fact, months: Mapping[Dated, int]) -> str:
    return "".join(
        LETTERS[verdict_of(metric, fact)] if metric.dated in months else NOTHING
        for metric in METRICS
    )


def month_number(at: datetime) -> int:
    """202611 for any instant of November 2026 in Shanghai."""
    local = at.astimezone(CITY_ZONE)
    return local.year * 100 + local.month


def list_states(facts: Iterable[Fact]) -> Iterator[Marked]:
    """The states of one round that differ in what counts, from those of its fact, in order."""
    last: Marked | None = None
    for fact in facts:
        state = mark(fact)
        if last is None or not state.counts_as(last):
            yield state
            last = state
