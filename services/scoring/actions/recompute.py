"""Folding everything again: to check that nothing is off, or from nothing."""

import asyncio
import hashlib
import itertools
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from services.scoring.actions.accounts import Named, audit_media, audit_tickets
from services.scoring.actions.facts import fold_again
from services.scoring.actions.sanitation import charge_all_media
from services.scoring.queries.folding import (
    Progress,
    advance_progress,
    find_progress,
    list_facts_of,
    list_ids_after,
    list_states_of,
    lock_facts,
)
from services.scoring.queries.rebuilding import (
    REBUILT,
    delete_all,
    finish_rebuilding,
    hash_tables,
    list_all_sums,
    list_bounds,
    set_rebuilt_to,
    take_rebuilding,
)
from services.scoring.rules.fact import Fact
from services.scoring.rules.facts import fold_states
from services.scoring.rules.marks import Marked, list_states
from services.scoring.rules.sums import (
    GENERATION,
    LAYOUT,
    Deltas,
    add_state,
    changed_rows,
    generation_of,
)
from shared.domain.events import Entry
from shared.errors import Conflict, NewerRelease
from shared.tickets import Hotline, list_entries

BATCH = 500
# One folds while another's statement runs.
LANES = 3
FACT_FIELDS = tuple(field.name for field in fields(Fact))
STATE_FIELDS = tuple(field.name for field in fields(Marked))
ABSENT = "absent"
# The latest time of recording that was taken in.
Horizon = datetime | None
# Folds the tickets after the one, up to and with the other.
FoldRange = Callable[[Hotline, int, int, int], Awaitable[Horizon]]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field where what is stored is not what the log says.

    `what`: a fact's or a state's ticket and round, a sum's group and month, or a deduction's
    subject, round, rule and number. `field` is "absent" where a whole row is missing, or has no
    log behind it (`folded` None).
    """

    what: str
    field: str
    stored: Any
    folded: Any


async def recompute(hotline: Hotline, bureau: int) -> list[Difference]:
    """Every ticket folded again from its log and compared with all that is stored, exactly.

    Raises NewerRelease where a newer one has made what is stored.

    So are the deductions, of which nothing is ever changed: whoever reads this must mend them.
    """
    async with hotline.ledger(bureau, writing=False) as ledger:
        if is_newer(await find_progress(ledger.tx)):
            raise NewerRelease
    differences: list[Difference] = []
    deltas: Deltas = {}
    after = 0
    while True:
        async with hotline.ledger(bureau, writing=False, snapshot=True) as ledger:
            ids = await list_ids_after(ledger.tx, after, batch=BATCH)
            if not ids:
                break
            facts = await list_facts_of(ledger.tx, ids)
            states = await list_states_of(ledger.tx, ids)
            logs = await list_entries(ledger.tx, ids)
            numbers = {fact.ticket_id: fact.no for fact in facts}
            named = await audit_tickets(ledger.tx, numbers)
        differences += compare(facts, states, logs, deltas=deltas)
        differences += differing(named)
        after = ids[-1]
    async with hotline.ledger(bureau, writing=False, snapshot=True) as ledger:
        stored_sums = await list_all_sums(ledger.tx)
        differences += differing(await audit_media(ledger.tx))
    return differences + list(compare_sums(stored_sums, dict(changed_rows(deltas))))


def differing(named: Iterable[Named]) -> list[Difference]:
    return [
        Difference(what, ABSENT if field is None else field, stored, follows)
        for what, field, stored, follows in named
    ]


def compare(
    facts: Sequence[Fact],
    states: Sequence[Marked],
    logs: Mapping[int, list[Entry]],
    *,
    deltas: Deltas,
) -> list[Difference]:
    """Facts and states of some tickets; what they add up to goes into `deltas`."""
    folded_facts: dict[tuple[int, int], Fact] = {}
    folded_states: dict[tuple[int, int, int], Marked] = {}
    for ticket_id, log in logs.items():
        for history in fold_states(ticket_id, log):
            fact = history[-1]
            folded_facts[ticket_id, fact.round] = fact
            marked = list(list_states(history))
            folded_states |= {(ticket_id, one.round, one.seq): one for one in marked}
            add_state(deltas, marked[-1], 1)
    kept_facts = {(one.ticket_id, one.round): one for one in facts}
    kept_states = {(one.ticket_id, one.round, one.seq): one for one in states}
    return [
        *_differ(kept_facts, folded_facts, FACT_FIELDS),
        *_differ(kept_states, folded_states, STATE_FIELDS),
    ]


def _differ(
    stored: Mapping[Any, Any],
    folded: Mapping[Any, Any],
    names: Sequence[str],
) -> Iterator[Difference]:
    for key in sorted(stored.keys() | folded.keys()):
        left, right = stored.get(key), folded.get(key)
        one: Any = left or right
        what = f"{one.no}/{one.round}"
        if left is None or right is None:
            yield Difference(what, ABSENT, left, right)
            continue
        for name in names:
            mine, theirs = getattr(left, name), getattr(right, name)
            if mine != theirs:
                yield Difference(what, name, mine, theirs)


def compare_sums(
    stored: Mapping[tuple[str, str, int], Sequence[int]],
    folded: Mapping[tuple[str, str, int], Sequence[int]],
) -> Iterator[Difference]:
    """A row of nothing but noughts is as good as none."""
    for key in sorted(stored.keys() | folded.keys()):
        left, right = stored.get(key), folded.get(key)
        if left != right and any([*(left or ()), *(right or ())]):
            yield Difference("sums/" + "/".join(map(str, key)), "counts", left, right)


async def begin_rebuilding(hotline: Hotline, bureau: int) -> None:
    """Throws away every fact, state and sum; until all is folded again no score is told.

    Raises NewerRelease where a newer one has made them: the two would empty each other's tables.
    """
    async with hotline.ledger(bureau) as ledger:
        await lock_facts(ledger.tx)
        if is_newer(await find_progress(ledger.tx)):
            raise NewerRelease
        await delete_all(ledger.tx, LAYOUT)


async def rebuild_some(hotline: Hotline, bureau: int, *, batch: int = BATCH) -> bool:
    """The next tickets of a rebuilding that was begun; False where there is nothing to do.

    Where somebody is at it, it is left to them.
    """
    async with hotline.ledger(bureau) as ledger:
        if is_readable(await find_progress(ledger.tx)) or not await take_rebuilding(ledger.tx):
            return False
        # Whoever had it until now has written how far it came.
        progress = await find_progress(ledger.tx)
        assert progress is not None
        if is_newer(progress):
            return False
        if progress.layout != LAYOUT:
            await lock_facts(ledger.tx)
            await delete_all(ledger.tx, LAYOUT)
            return True
        if progress.rebuilt_to is None:
            return False
        ids = await list_ids_after(ledger.tx, progress.rebuilt_to, batch=batch)
        if not ids:
            await charge_all_media(ledger.tx)
            await finish_rebuilding(ledger.tx)
            return False
        await fold_again(ledger.tx, ids)
        await set_rebuilt_to(ledger.tx, ids[-1])
    return True


async def rebuild_range(hotline: Hotline, bureau: int, after: int, until: int) -> Horizon:
    """The tickets after the one, up to and with the other; the latest recorded time among them."""
    latest: Horizon = None
    while True:
        async with hotline.ledger(bureau) as ledger:
            ids = await list_ids_after(ledger.tx, after, batch=BATCH)
            ids = [one for one in ids if one <= until]
            if not ids:
                return latest
            horizon = await fold_again(ledger.tx, ids, shared=True)
        latest = max(filter(None, (latest, horizon)), default=None)
        after = ids[-1]


async def rebuild(
    hotline: Hotline,
    bureau: int,
    *,
    lanes: int = LANES,
    fold_range: FoldRange = rebuild_range,
) -> None:
    """Everything from nothing, several ranges of tickets side by side.

    Raises Conflict where somebody is at it already. Killed midway, the worker goes on with it.
    """
    async with hotline.database.transaction(bureau, writing=False) as tx:
        if not await take_rebuilding(tx):
            raise Conflict
        await begin_rebuilding(hotline, bureau)
        bounds = await list_bounds(tx, lanes=lanes)
        async with asyncio.TaskGroup() as tasks:
            folding = [
                tasks.create_task(_wait(fold_range(hotline, bureau, after, until)))
                for after, until in itertools.pairwise(bounds)
            ]
        horizons = [task.result() for task in folding]
        async with hotline.ledger(bureau) as ledger:
            for horizon in filter(None, horizons):
                await advance_progress(ledger.tx, known_at=horizon, layout=LAYOUT)
            await charge_all_media(ledger.tx)
            await finish_rebuilding(ledger.tx)
    await hotline.database.vacuum(REBUILT)


async def _wait(folding: Awaitable[Horizon]) -> Horizon:
    return await folding


def is_readable(progress: Progress | None) -> bool:
    """Nothing folded yet, or all of it, in the layout that this release reads."""
    return progress is None or (progress.layout == LAYOUT and progress.rebuilt_to is None)


def is_newer(progress: Progress | None) -> bool:
    """A newer release has made the tables: they are its own to fill and to read."""
    return progress is not None and generation_of(progress.layout) > GENERATION


async def content_hash(hotline: Hotline, bureau: int) -> str:
    """One hash over every row of facts, states, sums and deductions, in whatever order written."""
    async with hotline.ledger(bureau, writing=False, snapshot=True) as ledger:
        parts = await hash_tables(ledger.tx)
    return hashlib.sha256(repr(sorted(parts.items())).encode()).hexdigest()
