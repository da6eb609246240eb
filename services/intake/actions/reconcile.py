"""Taking a platform's list (对账): compared with what we hold, every difference a case."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import orjson

from services.intake import reconciliation_queries as queries
from services.intake.actions.cases import settle_cases
from services.intake.labels import CONFLICTS
from services.intake.rules.reconciling import (
    CaseKind,
    Comparison,
    Field,
    Finding,
    Held,
    Ours,
    Theirs,
    Told,
    compare,
    setting_apart,
)
from shared.domain.actor import Actor
from shared.domain.calendar import CITY_ZONE
from shared.domain.events import Entry
from shared.domain.fold import apply, received
from shared.domain.lifecycle import IllegalTransition
from shared.domain.ticket import Ticket
from shared.errors import Conflict
from shared.tickets import Ledger, list_entries
from shared.vault.originals import open_original

LOGS_AT_ONCE = 500
# Of several messages of one number, the one that tells best what becomes of it.
BEST_FIRST = ("pending", "quarantined", "waiting", "ignored")
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DayListing:
    """A list as it came. `as_of`: what was recorded later, the platform could not know."""

    reconciliation_id: uuid.UUID
    source: str
    day: date
    listed: Sequence[Theirs]
    origin: str
    digest: bytes
    as_of: datetime
    actor: Actor


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What came of it; `cases` by number and kind."""

    comparison: Comparison
    counts: Mapping[str, Any]
    cases: Mapping[tuple[str, CaseKind], uuid.UUID]


async def reconcile(ledger: Ledger, listing: DayListing) -> Reconciled:
    """Compares, opens, changes and resolves cases; the same list again changes nothing."""
    tx = ledger.tx
    await tx.run(queries.HOLD_SOURCE, source=listing.source, bureau=tx.bureau)
    await refuse_other(ledger, listing)
    numbers = [one.upstream_no for one in listing.listed]
    known, held = await look(ledger, listing, numbers)
    elsewhere = await keep_entries(ledger, listing, numbers, known)
    found = compare(listing.day, listing.listed, known, held, elsewhere=elsewhere)
    found = setting_apart(
        found, await told_since(ledger, listing, found), newer=await newer(ledger, listing, found)
    )
    cases = await settle_cases(
        ledger, listing.source, listing.day, numbers, found, actor=listing.actor
    )
    counts = count(listing, known, found)
    await tx.run(
        queries.KEEP_TAKEN,
        bureau=tx.bureau,
        id=str(listing.reconciliation_id),
        source=listing.source,
        day=listing.day,
        origin=listing.origin,
        digest=listing.digest,
        as_of=listing.as_of,
        now=ledger.now,
        counts=orjson.dumps(counts).decode(),
    )
    return Reconciled(found, counts, cases)


async def refuse_other(ledger: Ledger, listing: DayListing) -> None:
    """The id of another list, or a list older than one already taken, would undo what is known."""
    tx = ledger.tx
    taken = await tx.row(queries.FIND_TAKEN, bureau=tx.bureau, id=str(listing.reconciliation_id))
    if taken is not None and bytes(taken.digest) != listing.digest:
        raise Conflict(CONFLICTS["OTHER_LIST"])
    latest = await tx.row(queries.LATEST, bureau=tx.bureau, source=listing.source, day=listing.day)
    if latest is not None and latest.as_of is not None and latest.as_of > listing.as_of:
        raise Conflict(CONFLICTS["OLDER_LIST"])


async def look(
    ledger: Ledger, listing: DayListing, numbers: Sequence[str]
) -> tuple[dict[str, Ours], dict[str, Held]]:
    """Our side: numbers that are tickets, and messages that are not yet, or not to be."""
    tx = ledger.tx
    since = datetime.combine(listing.day, time(0), tzinfo=CITY_ZONE)
    rows = await queries.look(
        tx, listing.source, listing.day, numbers, since=since, until=since + ONE_DAY
    )
    tickets = [row for row in rows if row.ticket_id is not None]
    masters = await queries.find_masters_completions(
        tx, {row.merged_into for row in tickets if row.merged_into is not None}
    )
    known = {row.upstream_no: ours_of(row, masters) for row in tickets}
    held = held_by_number(ledger, (row for row in rows if row.ticket_id is None))
    if any(no not in known and no not in held for no in numbers):
        aside = await tx.rows(queries.SET_ASIDE, bureau=tx.bureau, source=listing.source)
        held = held_by_number(ledger, aside) | held
    return known, held


def ours_of(row: Any, masters: Mapping[str, tuple[datetime | None, str | None]]) -> Ours:
    completions: tuple[datetime | None, ...] = (row.completed_at,)
    if row.merged_into is not None:
        into: str | None = row.merged_into
        done: datetime | None = None
        while into is not None:
            done, into = masters.get(into, (None, None))
        completions = (done, row.completed_at, None)
    received_at = row.first_received_at if row.is_first else row.received_at
    day = received_at.astimezone(CITY_ZONE).date() if row.is_first else row.day
    return Ours(
        upstream_no=row.upstream_no,
        ticket_id=row.ticket_id,
        no=row.no,
        state=row.state,
        received_at=received_at,
        day=day,
        completions=completions,
        first_owed=row.first_owed,
        has_parked=row.has_parked,
    )


def held_by_number(ledger: Ledger, rows: Any) -> dict[str, Held]:
    found: dict[str, Held] = {}
    for row in rows:
        body = open_original(
            row.body, row.seal_key_id, row, bureau=ledger.tx.bureau, keyring=ledger.keyring
        )
        number = getattr(row, "upstream_no", None) if body is None else number_in(body)
        one = Held(receipt=str(row.message_id), status=row.state)
        if number is None:
            continue
        known = found.get(number)
        if known is None or BEST_FIRST.index(one.status) < BEST_FIRST.index(known.status):
            found[number] = one
    return found


def number_in(body: bytes) -> str | None:
    """The number a message is sent under, however little else of it makes sense."""
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    data = message.get("data") if isinstance(message, dict) else None
    number = data.get("upstream_no") if isinstance(data, dict) else None
    return number.strip() if isinstance(number, str) else None


async def keep_entries(
    ledger: Ledger, listing: DayListing, numbers: Sequence[str], known: Mapping[str, Ours]
) -> set[str]:
    """Remembers which day's list has which number; of ours, those that another day's has."""
    tx = ledger.tx
    which = {"bureau": tx.bureau, "source": listing.source, "day": listing.day}
    await tx.run(queries.FORGET_ENTRIES, **which, numbers=list(numbers))
    await tx.run(queries.KEEP_ENTRIES, **which, numbers=list(numbers), as_of=listing.as_of)
    listed = set(numbers)
    absent = [no for no in known if no not in listed]
    if not absent:
        return set()
    rows = await tx.rows(queries.LISTED_ELSEWHERE, **which, numbers=absent)
    return {row.upstream_no for row in rows}


async def told_since(
    ledger: Ledger, listing: DayListing, found: Comparison
) -> dict[int, list[Told]]:
    """Of tickets that differ: their states since the last one the platform is known to have heard.

    A call-back that is given up is not on its way any more.
    """
    differing = {
        one.ours.ticket_id: one.ours
        for one in found.findings
        if one.kind is CaseKind.DIFFERS and one.ours is not None and {*one.fields} - TIMES
    }
    if not differing:
        return {}
    begins = await recorded_after(ledger, listing, list(differing))
    for ticket_id, ours in differing.items():
        if ours.first_owed is not None and not ours.has_parked:
            begins[ticket_id] = min(ours.first_owed, begins.get(ticket_id, ours.first_owed))
    told: dict[int, list[Told]] = {}
    ids = sorted(begins)
    for at in range(0, len(ids), LOGS_AT_ONCE):
        logs = await list_entries(ledger.tx, ids[at : at + LOGS_AT_ONCE], known_only=True)
        told |= {one: states_from(one, log, begins[one] - 1) for one, log in logs.items()}
    return told


TIMES = frozenset({Field.RECEIVED_AT})


def states_from(ticket_id: int, log: Sequence[Entry], seq: int) -> list[Told]:
    """As far as the log can be read: a newer release may have moved the ticket."""
    told = []
    ticket: Ticket | None = None
    for entry in log:
        try:
            ticket = received(ticket_id, entry) if ticket is None else apply(ticket, entry)
        except IllegalTransition:
            break
        if entry.seq >= seq:
            told.append(Told(ticket.state, ticket.completed_at))
    return told


async def newer(ledger: Ledger, listing: DayListing, found: Comparison) -> set[str]:
    """Numbers that came to us after the platform made its list."""
    absent = [one for one in found.findings if one.kind is CaseKind.MISSING_THERE and one.ours]
    ids = sorted({one.ours.ticket_id for one in absent if one.ours is not None})
    if not ids:
        return set()
    begins = await recorded_after(ledger, listing, ids)
    return {one.upstream_no for one in absent if one.ours and begins.get(one.ours.ticket_id) == 1}


async def recorded_after(ledger: Ledger, listing: DayListing, ids: Sequence[int]) -> dict[int, int]:
    """The first entry of each log that was recorded after the list was made."""
    rows = await ledger.tx.rows(
        queries.RECORDED_AFTER, bureau=ledger.tx.bureau, ids=list(ids), as_of=listing.as_of
    )
    return {row.ticket_id: row.seq for row in rows}


def count(listing: DayListing, known: Mapping[str, Ours], found: Comparison) -> dict[str, Any]:
    kinds = [one.kind for one in found.findings]
    fields = [field for one in found.findings for field in one.fields]
    on_the_way = {one.upstream_no for one in found.on_the_way}
    return {
        "theirs": len(listing.listed),
        "ours": sum(one.day == listing.day for one in known.values()),
        "same": len(listing.listed) - len(listed_otherwise(found)),
        **{kind.value: kinds.count(kind) for kind in CaseKind},
        "in_transit": len(on_the_way),
        "fields": {field.value: fields.count(field) for field in Field},
    }


def listed_otherwise(found: Comparison) -> set[str]:
    """Lines of the list that are not the same on both sides."""
    return {
        one.upstream_no for one in (*found.findings, *found.on_the_way) if one.theirs is not None
    }


__all__ = ["DayListing", "Finding", "Reconciled", "reconcile"]
