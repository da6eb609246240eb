"""Facts are folded again whenever a ticket's log grows; recompute checks that nothing is off."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

from services.scoring import queries
from services.scoring.rules.fact import Fact
from services.scoring.rules.facts import fold_facts
from shared.db import Tx
from shared.domain.events import Entry
from shared.tickets import Hotline, list_entries

BATCH = 500
# Entries that change no figure are not delivered: how far the fold has come is no difference.
PROGRESS = ("seq", "recorded_at")
FIELDS = tuple(field.name for field in fields(Fact) if field.name not in PROGRESS)
ABSENT = "absent"


async def fold_again(tx: Tx, ticket_ids: Collection[int]) -> None:
    """Facts of these tickets from all that is committed of their logs, in two statements."""
    entries = await list_entries(tx, ticket_ids)
    await queries.write_facts(tx, fold_all(entries.items()))


def fold_all(logs: Iterable[tuple[int, list[Entry]]]) -> list[Fact]:
    """In order of ticket and round, so that two writers cannot cross."""
    return [fact for ticket_id, log in sorted(logs) for fact in fold_facts(ticket_id, log)]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one round where the stored fact is not what the log says.

    `field` is "absent" where a whole fact is missing, or has no log behind it (`folded` None).
    """

    no: str
    round: int
    field: str
    stored: Any
    folded: Any


async def recompute(hotline: Hotline, bureau: int) -> list[Difference]:
    """Every ticket folded again from its log and compared with its stored facts, exactly."""
    differences: list[Difference] = []
    after = 0
    while True:
        async with hotline.ledger(bureau, writing=False) as ledger:
            ids = await queries.list_ids_after(ledger.tx, after, batch=BATCH)
            if not ids:
                return differences
            stored = await queries.list_facts_of(ledger.tx, ids)
            entries = await list_entries(ledger.tx, ids)
        differences += compare(stored, entries)
        after = ids[-1]


def compare(stored: Sequence[Fact], logs: dict[int, list[Entry]]) -> list[Difference]:
    kept = {(fact.ticket_id, fact.round): fact for fact in stored}
    folded = {(fact.ticket_id, fact.round): fact for fact in fold_all(logs.items())}
    return [
        difference
        for key in sorted(kept.keys() | folded.keys())
        for difference in _differ(kept.get(key), folded.get(key), logs.get(key[0], []))
    ]


def _differ(stored: Fact | None, folded: Fact | None, log: list[Entry]) -> Iterator[Difference]:
    one = stored or folded
    assert one is not None
    if stored is None or folded is None:
        yield Difference(one.no, one.round, ABSENT, stored, folded)
        return
    for name in FIELDS:
        left, right = getattr(stored, name), getattr(folded, name)
        if left != right:
            yield Difference(one.no, one.round, name, left, right)
    known = [entry.recorded_at for entry in log if entry.seq <= stored.seq]
    if len(known) != stored.seq:
        yield Difference(one.no, one.round, "seq", stored.seq, folded.seq)
    elif max(known) != stored.recorded_at:
        yield Difference(one.no, one.round, "recorded_at", stored.recorded_at, max(known))
