"""Tickets on a road, and media items, charged to the contractor who cleans it (domain §10)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.scoring import registers
from services.scoring import sanitation_queries as queries
from services.scoring.actions.charging import list_prices
from services.scoring.registers import MEDIA_ITEMS
from services.scoring.rules.charging import charged_rounds
from services.scoring.rules.compensation import still_missing
from services.scoring.rules.deductions import Deduction, Publication, deduct, deduct_media
from services.scoring.rules.facts import fold_states
from services.scoring.rules.periods import Period, find_period
from services.scoring.rules.sanitation import Assessed, mean
from services.scoring.rules.segments import Segment
from services.scoring.rules.tallies import Key
from services.scoring.sanitation_queries import Known, Standing
from shared.db import Tx
from shared.domain.roads import plain
from shared.tickets import list_entries

BATCH = 500
Addresses = Mapping[int, Mapping[int, str | None]]
RowsOf = Mapping[Standing, Sequence[Deduction]]


async def charge(tx: Tx, ticket_ids: Collection[int]) -> None:
    """Writes what rows these tickets, as their logs and facts now are, still lack.

    To be called after their facts are written, in the same transaction.
    """
    if not ticket_ids:
        return
    await queries.hold_register(tx, alone=False)
    await _write_missing(tx, (await replay(tx, ticket_ids)).rows)


async def _write_missing(tx: Tx, replayed: RowsOf) -> None:
    if not replayed:
        return
    known = await queries.list_deductions_of(tx, [one.subject for one in replayed])
    missing = [
        (standing, row)
        for standing, rows in replayed.items()
        for row in still_missing(known.get(standing.subject, ()), rows)
    ]
    await queries.insert_deductions(tx, missing)


@dataclass(frozen=True, slots=True)
class Replayed:
    """All rows of the tickets on a road, as they follow from what was recorded.

    `erased`: tickets of which a wording is gone, so that nothing can be said any more.
    """

    rows: RowsOf
    erased: frozenset[int]


async def replay(tx: Tx, ticket_ids: Collection[int]) -> Replayed:
    completed = await queries.list_completed(tx, ticket_ids)
    if not completed:
        return Replayed({}, frozenset())
    roads = Roads(await queries.list_segments(tx, {row.month for row in completed}))
    addresses = await queries.list_addresses(tx, {row.ticket_id for row in completed})
    erased = {one for one, wordings in addresses.items() if None in wordings.values()}
    tickets: dict[int, Lying] = {}
    for row in completed:
        if row.ticket_id not in erased:
            lying = tickets.setdefault(row.ticket_id, Lying(Standing(row.no, row.ticket_id)))
            lying.segments += roads.spoken_of(addresses.get(row.ticket_id, {}), row.month)
    tickets = {one: lying for one, lying in sorted(tickets.items()) if lying.segments}
    rows = await _replay(tx, tickets, addresses) if tickets else {}
    return Replayed(rows, frozenset(erased))


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
        """Those of the roads any wording names."""
        bodies = [plain(body) for body in wordings.values() if body is not None]
        roads = self._months.get(month, {})
        return [
            segment
            for road, segments in roads.items()
            if any(road in body for body in bodies)
            for segment in segments
        ]


async def _replay(tx: Tx, tickets: Mapping[int, Lying], addresses: Addresses) -> RowsOf:
    logs = await list_entries(tx, tickets)
    positions = await queries.list_positions(tx, tickets)
    prices = await list_prices(tx)
    found: dict[Standing, list[Deduction]] = {}
    for ticket_id, lying in tickets.items():
        rounds = charged_rounds(
            fold_states(ticket_id, logs[ticket_id]),
            logs[ticket_id],
            addresses=addresses[ticket_id],
            positions=positions[ticket_id],
        )
        found[lying.standing] = [
            row
            for number, states in rounds.items()
            for row in deduct(number, states, lying.segments, prices=prices)
        ]
    return found


async def charge_month(tx: Tx, month: int) -> None:
    """Every ticket completed in that month, once its roads are others."""
    period = find_period(month_text(month))
    assert period is not None
    ids = await queries.list_completed_in(tx, period.start, period.end)
    for start in range(0, len(ids), BATCH):
        await charge(tx, ids[start : start + BATCH])


async def charge_media(tx: Tx, ids: Collection[str]) -> None:
    await _write_missing(tx, await replay_media(tx, ids))


async def replay_media(tx: Tx, ids: Collection[str]) -> RowsOf:
    """All rows of these media items, as they follow from their revisions."""
    prices = await list_prices(tx) if ids else None
    found: dict[Standing, list[Deduction]] = {}
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
        assert prices is not None
        found[Standing(one, None)] = deduct_media(revisions, prices=prices)
    return found


async def charge_all_media(tx: Tx) -> None:
    """For a rebuilding: tickets are charged as they are folded, media items here."""
    await queries.hold_register(tx, alone=False)
    await charge_media(tx, await queries.list_media_ids(tx))


async def assess(
    tx: Tx, period: Period, *, known: Known
) -> tuple[dict[Key, Assessed], datetime | None]:
    """Of one month, by contractor: those with an inspection, a media item or a deduction.

    With it, when the last of the inspections and media items was told, unless an instant is named.
    """
    month = month_of(period)
    assert month is not None
    scores = await queries.list_scores_in(tx, month, known)
    items = await queries.count_media_in(tx, month, known)
    standing = await queries.count_standing_in(tx, month, known)
    assessed: dict[Key, Assessed] = {
        one: Assessed(mean(scores.get(one, ())), items.get(one, 0), standing.get(one, {}))
        for one in scores.keys() | items.keys() | standing.keys()
    }
    return assessed, await queries.find_latest_in(tx, month) if known.at is None else None


def month_of(period: Period) -> int | None:
    """202611; None for a year, which is no month of assessment."""
    year, _, month = period.id.partition("-")
    return int(year + month) if month else None


def month_text(month: int) -> str:
    return f"{month // 100}-{month % 100:02d}"
