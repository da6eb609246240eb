"""Deductions as they are kept, compared with what the log and the registers come to."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from services.scoring import sanitation_queries as queries
from services.scoring.actions.sanitation import replay, replay_media
from services.scoring.queries.accounts import list_orphans
from services.scoring.rules.compensation import is_sound, still_missing
from services.scoring.rules.deductions import Deduction
from shared.db import Tx

FIELDS = tuple(one for one in Deduction.__slots__ if one not in ("round", "rule", "ordinal"))
# What is named, the field, as stored, as it follows. No field: a whole row.
Named = tuple[str, str | None, Any, Any]
Rows = Sequence[Deduction]


async def audit_tickets(tx: Tx, tickets: Mapping[int, str]) -> list[Named]:
    """`tickets`: their numbers by id."""
    replayed = await replay(tx, tickets)
    wanted = {standing.subject: rows for standing, rows in replayed.rows.items()}
    untold = {tickets[one] for one in replayed.erased}
    return await _audit(tx, list(tickets.values()), wanted, untold=untold)


async def audit_media(tx: Tx) -> list[Named]:
    """Media items, and rows that have neither ticket nor item."""
    ids = await queries.list_media_ids(tx)
    wanted = {standing.subject: rows for standing, rows in (await replay_media(tx, ids)).items()}
    orphans = await list_orphans(tx)
    return await _audit(tx, sorted({*ids, *orphans}), wanted)


async def _audit(
    tx: Tx,
    subjects: Collection[str],
    wanted: Mapping[str, Rows],
    *,
    untold: Collection[str] = (),
) -> list[Named]:
    stored = await queries.list_deductions_of(tx, subjects)
    found: list[Named] = []
    for subject in subjects:
        kept = stored.get(subject, [])
        follows = kept if subject in untold else wanted.get(subject, ())
        for key in dict.fromkeys((row.round, row.rule) for row in (*kept, *follows)):
            mine = [row for row in kept if (row.round, row.rule) == key]
            theirs = [row for row in follows if (row.round, row.rule) == key]
            found += _compare(f"deductions/{subject}/{key[0]}/{key[1]}", mine, theirs)
    return found


def _compare(what: str, stored: Rows, wanted: Rows) -> Iterator[Named]:
    """Where two transactions crossed, other rows make the same stand: that is no difference."""
    crossed = [row.essence for row in stored] != [row.essence for row in wanted]
    if crossed and is_sound(stored) and not still_missing(stored, wanted):
        return
    kept = {row.ordinal: row for row in stored}
    follows = {row.ordinal: row for row in wanted}
    for ordinal in sorted(kept.keys() | follows.keys()):
        mine, theirs = kept.get(ordinal), follows.get(ordinal)
        if mine is None or theirs is None:
            yield f"{what}/{ordinal}", None, mine, theirs
            continue
        for name in FIELDS:
            one, other = getattr(mine, name), getattr(theirs, name)
            if one != other:
                yield f"{what}/{ordinal}", name, one, other
    if kept == follows and not is_sound(stored):
        yield what, "chain", stored, None
