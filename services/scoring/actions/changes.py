"""What changed in a period's figures between two revisions or instants, ticket by ticket."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from services.scoring.actions.freezing import find_freeze
from services.scoring.actions.recompute import is_readable
from services.scoring.queries.changes import (
    LogEntry,
    list_changes,
    list_log_entries,
    list_states,
)
from services.scoring.queries.counting import Scope
from services.scoring.queries.folding import find_progress
from services.scoring.queries.waiting import is_folded_until
from services.scoring.rules.changes import Change, View, entries_behind
from services.scoring.rules.metrics import METRICS, Due
from services.scoring.rules.periods import Period
from shared.db import Tx, Wider
from shared.domain.words import ClockName
from shared.errors import Unavailable

POLL_SECONDS = 0.02
TRIES = 250
CLOCKS: Mapping[Due, ClockName] = MappingProxyType(
    {
        Due.CONTACT: ClockName.FIRST_CONTACT,
        Due.ACCEPT: ClockName.UNIT_ACCEPT,
        Due.DUE: ClockName.COMPLETE,
        Due.REPLY: ClockName.REPLY,
    }
)


@dataclass(frozen=True, slots=True)
class Moved:
    """One figure that a round has moved, and the entries of its log that made it so."""

    change: Change
    number: int
    entries: Sequence[LogEntry]


async def find_view(
    tx: Tx, period: Period, *, revision: int | None, known_at: datetime | None
) -> View:
    """A revision or an instant. Raises Unavailable while the revision's copy is being made."""
    if revision is None:
        return await find_live_view(tx, known_at)
    freeze = await find_freeze(tx, period, revision)
    if freeze is None or freeze.manifest is None:
        raise Unavailable
    return View(freeze.known_at, revision)


async def find_live_view(tx: Tx, known_at: datetime | None = None) -> View:
    """That instant, or all that is known now. Raises Unavailable while all is folded again."""
    progress = await find_progress(tx)
    if not is_readable(progress):
        raise Unavailable
    last = progress.known_at if progress is not None else None
    return View(known_at or last or tx.now)


async def list_moved(
    tx: Tx,
    period: Period,
    since: View,
    until: View,
    *,
    units: Scope,
    after: tuple[str, int, int],
    limit: int,
) -> list[Moved]:
    """In order of ticket, round and metric, from what comes after the one named."""
    no, number, metric = after
    changes = await list_changes(
        tx, period, since, until, units=units, start=(no, number), limit=limit + 1
    )
    found = [
        (change, place)
        for change in changes
        for place in change.changed()
        if (change.no, change.round, place) > (no, number, metric)
    ][:limit]
    ids = {change.ticket_id for change, _ in found}
    async with tx.widened(Wider.STORY) as wide:
        states = await list_states(wide, ids)
    behind = [
        entries_behind(
            change,
            place,
            states.get((change.ticket_id, change.round), []),
            since=since,
            until=until,
        )
        for change, place in found
    ]
    async with tx.widened(Wider.STORY) as wide:
        logs = await list_log_entries(wide, ids, {seq for seqs in behind for seq in seqs})
    return [
        Moved(change, place, entries_of(change, place, logs, seqs, since=since, until=until))
        for (change, place), seqs in zip(found, behind, strict=True)
    ]


def entries_of(
    change: Change,
    number: int,
    logs: Mapping[int, Sequence[LogEntry]],
    seqs: Sequence[int],
    *,
    since: View,
    until: View,
) -> list[LogEntry]:
    """Where only a due has come, the entry that tells of the clock missed."""
    log = logs.get(change.ticket_id, ())
    if seqs:
        return [entry for entry in log if entry.seq in seqs]
    due = METRICS[number].due
    clock = None if due is None else CLOCKS[due]
    return [
        entry
        for entry in log
        if entry.clock is not None
        and entry.clock == clock
        and entry.round == change.round
        and since.known_at < entry.recorded_at <= until.known_at
    ]


async def wait_until_folded(tx: Tx, known_at: datetime) -> None:
    """Until all that was recorded by then has been taken in; raises Unavailable after a while."""
    async with tx.widened(Wider.FOLDING) as wide:
        for _ in range(TRIES):
            if await is_folded_until(wide, known_at):
                return
            await asyncio.sleep(POLL_SECONDS)
    raise Unavailable
