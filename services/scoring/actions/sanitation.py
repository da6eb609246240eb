"""Tickets on a road, and media items, charged to the contractor who cleans it (domain §10)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from services.scoring import registers
from services.scoring import sanitation_queries as queries
from services.scoring.registers import MEDIA_ITEMS
from services.scoring.rules.charging import charged_rounds
from services.scoring.rules.compensation import still_missing
from services.scoring.rules.deductions import MEDIA, Deduction, Publication, deduct, deduct_media
from services.scoring.rules.facts import fold_states
from services.scoring.rules.periods import Period, find_period
from services.scoring.rules.sanitation import (
    INSPECTION,
    SANITATION_V1,
    Assessment,
    Coupled,
    couple,
    mean,
)
from services.scoring.rules.segments import Segment
from services.scoring.sanitation_queries import Standing
from shared.db import Tx
from shared.domain.roads import plain
from shared.tickets import list_entries

BATCH = 500
POINTS = SANITATION_V1.coupling.points
Addresses = Mapping[int, Mapping[int, str | None]]


@dataclass(frozen=True, slots=True)
class Assessed:
    """What of one contractor's month does not come from its tickets' rates: shares of 1."""

    parts: Mapping[str, Fraction | None]
    coupled: Coupled


async def charge(tx: Tx, ticket_ids: Collection[int]) -> None:
    """Writes what rows these tickets, as their logs and facts now are, still lack.

    To be called after their facts are written, in the same transaction.
    """
    if not ticket_ids:
        return
    await queries.hold_register(tx, alone=False)
    completed = await queries.list_completed(tx, ticket_ids)
    if not completed:
        return
    roads = Roads(await queries.list_segments(tx, {row.month for row in completed}))
    addresses = await queries.list_addresses(tx, {row.ticket_id for row in completed})
    tickets: dict[int, Lying] = {}
    for row in completed:
        lying = tickets.setdefault(row.ticket_id, Lying(Standing(row.no, row.ticket_id)))
        lying.segments += roads.spoken_of(addresses.get(row.ticket_id, {}), row.month)
    tickets = {one: lying for one, lying in tickets.items() if lying.segments}
    if tickets:
        await _charge(tx, tickets, addresses)


@dataclass(slots=True)
class Lying:
    """A ticket, and all segments it may lie on."""

    standing: Standing
    segments: list[Segment] = field(default_factory=list)


class Roads:
    """Every revision of every segment, by month and road."""

    def __init__(self, segments: Iterable[Segment]) -> None:
        self._months: dict[int, dict[str, list[Segment]]] = {}
        for one in segments:
            self._months.setdefault(one.month, {}).setdefault(one.road, []).append(one)

    def spoken_of(self, wordings: Mapping[int, str | None], month: int) -> list[Segment]:
        """Those of the roads any wording names. What was erased charges, and frees, no more."""
        bodies = [plain(body) for body in wordings.values() if body is not None]
        if len(bodies) < len(wordings):
            return []
        roads = self._months.get(month, {})
        return [
            segment
            for road, segments in roads.items()
            if any(road in body for body in bodies)
            for segment in segments
        ]


async def _charge(tx: Tx, tickets: Mapping[int, Lying], addresses: Addresses) -> None:
    logs = await list_entries(tx, tickets)
    positions = await queries.list_positions(tx, tickets)
    subjects = [lying.standing.subject for lying in tickets.values()]
    known = await queries.list_deductions_of(tx, subjects)
    missing: list[tuple[Standing, Deduction]] = []
    for ticket_id, lying in sorted(tickets.items()):
        rounds = charged_rounds(
            fold_states(ticket_id, logs[ticket_id]),
            logs[ticket_id],
            addresses=addresses[ticket_id],
            positions=positions[ticket_id],
        )
        rows = [
            row
            for number, states in rounds.items()
            for row in deduct(number, states, lying.segments, points=POINTS)
        ]
        standing = lying.standing
        lacking = still_missing(known.get(standing.subject, ()), rows)
        missing += [(standing, row) for row in lacking]
    await queries.insert_deductions(tx, missing)


async def charge_month(tx: Tx, month: int) -> None:
    """Every ticket completed in that month, once its roads are others."""
    period = find_period(month_text(month))
    assert period is not None
    ids = await queries.list_completed_in(tx, period.start, period.end)
    for start in range(0, len(ids), BATCH):
        await charge(tx, ids[start : start + BATCH])


async def charge_media(tx: Tx, ids: Collection[str]) -> None:
    known = await queries.list_deductions_of(tx, ids)
    missing: list[tuple[Standing, Deduction]] = []
    for one in sorted(ids):
        revisions = [
            Publication(
                revision=row.revision,
                position=row.position,
                recorded_at=row.recorded_at,
                month=row.month,
                contractor=row.contractor,
                withdrawn=row.withdrawn_for is not None,
            )
            for row in await registers.list_revisions(tx, MEDIA_ITEMS, one)
        ]
        rows = deduct_media(revisions, points=POINTS)
        missing += [(Standing(one, None), row) for row in still_missing(known.get(one, ()), rows)]
    await queries.insert_deductions(tx, missing)


async def charge_all_media(tx: Tx) -> None:
    """For a rebuilding: tickets are charged as they are folded, media items here."""
    await queries.hold_register(tx, alone=False)
    await charge_media(tx, await queries.list_media_ids(tx))


async def assess(
    tx: Tx,
    period: Period,
    *,
    assessment: Assessment = SANITATION_V1,
    known_at: datetime | None = None,
) -> dict[str, Assessed]:
    """By contractor, those with an inspection, a media item or a deduction in the month."""
    month = month_of(period)
    if month is None:
        return {}
    scores = await queries.list_scores_in(tx, month, known_at)
    items = await queries.count_media_in(tx, month, known_at)
    rows = await queries.list_deductions_in(tx, month, known_at)
    return {
        contractor: assessed(
            assessment,
            mean(scores.get(contractor, ())),
            items.get(contractor, 0),
            rows.get(contractor, ()),
        )
        for contractor in sorted(scores.keys() | items.keys() | rows.keys())
    }


def assessed(
    assessment: Assessment, share: Fraction | None, items: int, rows: Iterable[Deduction]
) -> Assessed:
    parts = {INSPECTION: share, MEDIA: assessment.media_share(items)}
    return Assessed(parts, couple(assessment, rows, share))


async def parts_of(tx: Tx, period: Period) -> dict[str, Mapping[str, Fraction | None]]:
    """What a score sheet weighs of each contractor beside its metrics."""
    return {one: found.parts for one, found in (await assess(tx, period)).items()}


def month_of(period: Period) -> int | None:
    """202611; None for a year, which is no month of assessment."""
    year, _, month = period.id.partition("-")
    return int(year + month) if month else None


def month_text(month: int) -> str:
    return f"{month // 100}-{month % 100:02d}"
