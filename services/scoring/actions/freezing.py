"""Freezing a month: its moment is recorded, and its own copy of what stood then is made."""

from collections.abc import Mapping
from dataclasses import replace

from services.scoring.actions.facts import fold_again
from services.scoring.actions.recompute import is_readable
from services.scoring.actions.schemes import choose_scheme
from services.scoring.queries.counting import Wanted, count_frozen
from services.scoring.queries.folding import find_progress, lock_facts
from services.scoring.queries.freezes import (
    add_manifest,
    add_sums,
    copy_states,
    list_freezes,
    list_late,
)
from services.scoring.queries.waiting import are_over, list_owed
from services.scoring.refusals import NoSuchRevision, NotOver, ReasonNeeded
from services.scoring.rules.facts import fold_facts
from services.scoring.rules.freezing import Freeze, Manifest, figures_hash
from services.scoring.rules.marks import Marked, mark
from services.scoring.rules.metrics import Dated
from services.scoring.rules.periods import Period, get_month
from services.scoring.rules.schemes import DEFAULT
from services.scoring.rules.sums import LAYOUT, count_seen, tallies_of
from services.scoring.rules.tallies import KEYS
from shared.db import Tx
from shared.domain.actor import Actor
from shared.errors import Unavailable
from shared.tickets import Ledger, list_entries
from shared.tickets.freezing import freeze_due_months, hold_freezes, record_freeze

CHUNK = 1000


async def find_freeze(tx: Tx, period: Period, revision: int | None = None) -> Freeze | None:
    """The latest revision of a frozen month, or the one asked for."""
    found = await list_freezes(tx, [period.id]) if period.is_month else []
    if revision is None:
        return found[-1] if found else None
    for freeze in found:
        if freeze.revision == revision:
            return freeze
    raise NoSuchRevision


async def freeze_month(
    ledger: Ledger, period: Period, *, actor: Actor, reason: str | None
) -> Freeze:
    """By hand, with all that is recorded now. The copy is made in the same transaction."""
    tx = ledger.tx
    if tx.now < period.end:
        raise NotOver
    await freeze_due_months(ledger, tx.now)
    await hold_freezes(tx)
    before = await find_freeze(tx, period)
    if before is not None and reason is None:
        raise ReasonNeeded.given_none()
    await fold_all_owed(tx)
    progress = await find_progress(tx)
    last = progress.known_at if progress is not None else None
    revision = 1 if before is None else before.revision + 1
    await record_freeze(
        tx,
        period.id,
        revision,
        known_at=tx.now if last is None else min(last, tx.now),
        actor=actor,
        reason=reason,
    )
    freeze = await find_freeze(tx, period, revision)
    assert freeze is not None
    return await make_copy(ledger, freeze, period)


async def fill_freeze(ledger: Ledger, month: int, revision: int) -> bool:
    """The copy of a month that froze by itself; False where it is too early to make it."""
    period = get_month(month)
    freeze = await find_freeze(ledger.tx, period, revision)
    if freeze is None or freeze.manifest is not None:
        return True
    if not await is_ready(ledger.tx, freeze):
        return False
    await fold_all_owed(ledger.tx)
    await make_copy(ledger, freeze, period)
    return True


async def fold_all_owed(tx: Tx) -> None:
    """Until all that is recorded has been taken in. Raises Unavailable while all is rebuilt.

    From here to the end of the transaction nobody folds, nor throws anything away: also where
    nothing is owed, the copy that follows must find all of it.
    """
    await lock_facts(tx)
    if not is_readable(await find_progress(tx)):
        raise Unavailable
    owed = await list_owed(tx)
    for start in range(0, len(owed), CHUNK):
        await fold_again(tx, owed[start : start + CHUNK])


async def is_ready(tx: Tx, freeze: Freeze) -> bool:
    """Whether nobody can still record anything before it, and the facts can be told."""
    return await are_over(tx, freeze.xid) and is_readable(await find_progress(tx))


async def make_copy(ledger: Ledger, freeze: Freeze, period: Period) -> Freeze:
    """The states, their sums and the manifest, as of the freeze's own moment."""
    tx = ledger.tx
    late = await list_late(tx, freeze)
    folded = [one for one in await fold_then(tx, freeze, late) if is_in(one, period)]
    rows = await copy_states(tx, freeze, period, late=late, folded=folded)
    wanted = Wanted(period, freeze.known_at, revision=freeze.revision)
    sums = {by: count_seen(await count_frozen(tx, wanted, by)) for by in KEYS}
    await add_sums(tx, freeze, sums)
    rulebook = ledger.rulebook
    manifest = Manifest(
        scheme=await choose_scheme(tx, DEFAULT, period, at=freeze.frozen_at),
        calendar_version=rulebook.calendar_at(freeze.frozen_at).version,
        units=rulebook.units,
        layout=LAYOUT,
        rows=rows,
        sha256=figures_hash({by: tallies_of(of_by.items()) for by, of_by in sums.items()}),
    )
    await add_manifest(tx, freeze, manifest)
    return replace(freeze, manifest=manifest)


async def fold_then(tx: Tx, freeze: Freeze, late: Mapping[int, int]) -> list[Marked]:
    """The rounds of the late tickets without what came late."""
    found: list[Marked] = []
    ids = sorted(late)
    for start in range(0, len(ids), CHUNK):
        for ticket_id, log in (await list_entries(tx, ids[start : start + CHUNK])).items():
            then = [
                entry
                for entry in log
                if entry.recorded_at <= freeze.known_at and entry.seq < late[ticket_id]
            ]
            found += [mark(fact) for fact in fold_facts(ticket_id, then)]
    return found


def is_in(state: Marked, period: Period) -> bool:
    return any(getattr(state, f"{dated.value}_month") in period.months for dated in Dated)
