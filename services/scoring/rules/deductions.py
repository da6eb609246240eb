"""Deductions (扣分): what tickets on a road cost the contractor who cleans it (domain §10).

Every deduction is a row, and what no longer stands is made good by another one. The rows follow
from what was recorded, in the order it was recorded, and from nothing else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from services.scoring.rules.segments import Segment, find_segment
from shared.domain.words import FactFinding, Trade

FACT, OVERDUE, REPEAT, MEDIA = "fact", "overdue", "repeat", "media"
TICKET_RULES = (FACT, OVERDUE, REPEAT)
RULES = (*TICKET_RULES, MEDIA)
HOLDS = frozenset({FactFinding.TRUE, FactFinding.PARTLY_TRUE})
# Whose granting takes a deduction back.
VERDICTS: Mapping[str, str] = MappingProxyType({OVERDUE: "clock:complete", REPEAT: "repeat"})
APPEAL, ELSEWHERE, MOVED, WITHDRAWN = "appeal", "elsewhere", "moved", "withdrawn"
PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Charged:
    """A round of a ticket as it stood from the entry `seq` on, as far as it may cost anything.

    `month` is that of its completion. `out` tells why it is in no figure. `is_late` and
    `is_repeat` are what the log says, `appeals` the granted verdicts that say otherwise.
    """

    seq: int
    position: int
    recorded_at: datetime
    month: int | None
    trade: str | None
    street: str | None
    address: str | None
    fact_finding: str | None
    is_late: bool = False
    is_repeat: bool = False
    out: str | None = None
    appeals: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Publication:
    """One revision of a media item (舆论监督)."""

    revision: int
    position: int
    recorded_at: datetime
    month: int
    contractor: str
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Deduction:
    """One row. `points` are negative, those of a row that `reverses` another (its ordinal) not."""

    round: int
    rule: str
    ordinal: int
    month: int
    contractor: str
    points: Decimal
    cause: str
    road: str | None
    reverses: int | None
    seq: int
    position: int
    recorded_at: datetime

    @property
    def essence(self) -> tuple[int, str, int | None]:
        """What makes it this row: points once charged stand, whatever a later scheme says."""
        return (self.month, self.contractor, self.reverses)


@dataclass(frozen=True, slots=True)
class _Charge:
    month: int
    contractor: str
    cause: str
    road: str | None = None


@dataclass(slots=True)
class _Book:
    """The rows of one round, and which of them stand."""

    round: int
    points: Mapping[str, Decimal]
    rows: list[Deduction] = field(default_factory=list)
    standing: dict[str, Deduction] = field(default_factory=dict)
    ordinals: dict[str, int] = field(default_factory=dict)

    def settle(
        self, rule: str, charge: _Charge | str, *, seq: int, position: int, at: datetime
    ) -> None:
        """The row that stands, if any, is the charge's; a text tells why there is no charge."""
        held = self.standing.get(rule)
        if isinstance(charge, str):
            if held is not None:
                self._reverse(held, charge, seq=seq, position=position, at=at)
            return
        if held is not None:
            if (held.month, held.contractor) == (charge.month, charge.contractor):
                return
            self._reverse(held, MOVED, seq=seq, position=position, at=at)
        self.standing[rule] = self._add(
            rule, charge, -self.points[rule], seq=seq, position=position, at=at
        )

    def _reverse(
        self, held: Deduction, cause: str, *, seq: int, position: int, at: datetime
    ) -> None:
        back = _Charge(held.month, held.contractor, cause, held.road)
        self._add(
            held.rule,
            back,
            -held.points,
            seq=seq,
            position=position,
            at=at,
            reverses=held.ordinal,
        )
        del self.standing[held.rule]

    def _add(
        self,
        rule: str,
        charge: _Charge,
        points: Decimal,
        *,
        seq: int,
        position: int,
        at: datetime,
        reverses: int | None = None,
    ) -> Deduction:
        ordinal = self.ordinals[rule] = self.ordinals.get(rule, 0) + 1
        row = Deduction(
            round=self.round,
            rule=rule,
            ordinal=ordinal,
            month=charge.month,
            contractor=charge.contractor,
            points=points,
            cause=charge.cause,
            road=charge.road,
            reverses=reverses,
            seq=seq,
            position=position,
            recorded_at=at,
        )
        self.rows.append(row)
        return row


def deduct(
    number: int,
    states: Iterable[Charged],
    segments: Iterable[Segment],
    *,
    points: Mapping[str, Decimal],
) -> list[Deduction]:
    """All rows of one round, from its states and the segments, as they came to be known."""
    book = _Book(number, points)
    register: dict[str, Segment] = {}
    state: Charged | None = None
    moments: list[Charged | Segment] = [*states, *segments]
    for moment in sorted(moments, key=lambda one: one.position):
        if isinstance(moment, Segment):
            register[moment.inspection_id] = moment
        else:
            state = moment
        if state is None:
            continue
        for rule, charge in _charges(number, state, register.values()).items():
            book.settle(
                rule, charge, seq=state.seq, position=moment.position, at=moment.recorded_at
            )
    return book.rows


def deduct_media(
    revisions: Iterable[Publication], *, points: Mapping[str, Decimal]
) -> list[Deduction]:
    """All rows of one media item."""
    book = _Book(0, points)
    for one in sorted(revisions, key=lambda one: one.revision):
        charge = WITHDRAWN if one.withdrawn else _Charge(one.month, one.contractor, PUBLISHED)
        book.settle(MEDIA, charge, seq=one.revision, position=one.position, at=one.recorded_at)
    return book.rows


def _charges(number: int, state: Charged, segments: Iterable[Segment]) -> dict[str, _Charge | str]:
    """For each rule what it charges, or why it charges nothing. A repeat is its first round's."""
    why_not = _why_not(state)
    segment = (
        find_segment(segments, month=state.month, address=state.address, street=state.street)
        if why_not is None
        else None
    )
    if segment is None:
        return dict.fromkeys(TICKET_RULES, why_not or ELSEWHERE)
    assert state.fact_finding is not None
    fact = _Charge(segment.month, segment.contractor, state.fact_finding, segment.road)
    found: dict[str, _Charge | str] = {FACT: fact}
    for rule, holds, otherwise in (
        (OVERDUE, state.is_late, "in_time"),
        (REPEAT, state.is_repeat and number == 1, "unlinked"),
    ):
        won = holds and VERDICTS[rule] in state.appeals
        found[rule] = replace(fact, cause=rule) if holds and not won else otherwise
        if won:
            found[rule] = APPEAL
    return found


def _why_not(state: Charged) -> str | None:
    if state.out is not None:
        return state.out
    if state.trade != Trade.SANITATION:
        return "other_trade"
    if state.fact_finding not in HOLDS:
        return "untrue"
    return "open" if state.month is None else None
