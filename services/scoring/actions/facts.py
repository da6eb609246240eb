"""Facts are folded again whenever a ticket's log grows; their states and the sums follow."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.scoring.actions.sanitation import charge
from services.scoring.queries.folding import (
    Stored,
    advance_progress,
    fact_row,
    find_progress,
    list_stored,
    lock_facts,
    state_row,
    write_folded,
)
from services.scoring.rules.fact import Fact
from services.scoring.rules.facts import fold_states
from services.scoring.rules.marks import Marked, mark
from services.scoring.rules.sums import LAYOUT, Deltas, add_state, changed_rows
from shared.db import Tx
from shared.domain.events import Entry
from shared.errors import NotNow
from shared.tickets import list_entries


@dataclass(slots=True)
class Changes:
    """What folding some tickets again changes in the tables."""

    facts: list[dict[str, Any]] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)
    closed: list[dict[str, Any]] = field(default_factory=list)
    deltas: Deltas = field(default_factory=dict)

    def take(self, states: Sequence[Fact], stored: Stored | None) -> None:
        """All states of one round's fact, oldest first, beside what is stored of it."""
        new = [fact for fact in states if stored is None or fact.seq > stored.seq]
        if not new:
            return
        last = stored.state if stored is not None else None
        opened: list[Marked] = []
        for fact in new:
            state = mark(fact)
            if last is None or not state.counts_as(last):
                opened.append(state)
                last = state
        assert last is not None
        self.facts.append(fact_row(new[-1], last))
        if opened:
            self._open(opened, stored)

    def _open(self, opened: Sequence[Marked], stored: Stored | None) -> None:
        if stored is not None:
            before = stored.state
            self.closed.append(
                {
                    "ticket_id": before.ticket_id,
                    "round": before.round,
                    "seq": before.seq,
                    "known_to": opened[0].known_from,
                }
            )
            add_state(self.deltas, before, -1)
        ends = [state.known_from for state in opened[1:]]
        befores = [stored.state if stored is not None else None, *opened]
        self.states += [
            state_row(state, known_to, before=before)
            for before, state, known_to in zip(befores, opened, [*ends, None], strict=False)
        ]
        add_state(self.deltas, opened[-1], 1)

    @property
    def sums(self) -> list[dict[str, Any]]:
        return [
            {"by": by, "key": key, "month": month, "counts": counts}
            for (by, key, month), counts in changed_rows(self.deltas)
        ]


async def fold_again(
    tx: Tx, ticket_ids: Collection[int], *, shared: bool = False
) -> datetime | None:
    """Facts, states and sums of these tickets from all that is committed of their logs.

    Answers the latest time of recording among them. `shared`: others that rebuild may fold at the
    same time, but never the same tickets; who began it tells how far all of them have come, for
    its row would have one wait for the other. Raises NotNow where the tables are of another layout.
    """
    await lock_facts(tx, shared=shared)
    progress = await find_progress(tx)
    if progress is not None and progress.layout != LAYOUT:
        raise NotNow  # a newer release's tables, or ours once the sweep has begun anew
    stored = await list_stored(tx, ticket_ids)
    logs = await list_entries(tx, ticket_ids)
    changes = Changes()
    completed = []
    for ticket_id, log in sorted(logs.items()):
        rounds = fold_states(ticket_id, log)
        for states in rounds:
            changes.take(states, stored.get((ticket_id, states[0].round)))
        if any(fact.completed_at for states in rounds for fact in states):
            completed.append(ticket_id)
    if changes.facts:
        await write_folded(
            tx,
            facts=changes.facts,
            states=changes.states,
            closed=changes.closed,
            sums=changes.sums,
        )
    await charge(tx, completed)
    horizon = latest_recorded(logs)
    if horizon is not None and not shared:
        await advance_progress(tx, known_at=horizon, layout=LAYOUT)
    return horizon


def latest_recorded(logs: Mapping[int, Iterable[Entry]]) -> datetime | None:
    return max((entry.recorded_at for log in logs.values() for entry in log), default=None)
