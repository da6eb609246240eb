"""From a ticket to every figure it is in: by round and metric, now and in each frozen revision."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from services.scoring.actions.changes import find_live_view
from services.scoring.queries.counting import Scope
from services.scoring.queries.figures import list_kept, list_rounds
from services.scoring.rules.changes import View
from services.scoring.rules.marks import NOTHING, Marked
from services.scoring.rules.metrics import METRICS, Metric
from services.scoring.rules.periods import Period, get_month
from services.scoring.rules.tallies import KEYS, Key
from shared.db import Tx
from shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class TicketFigure:
    """One round in one figure. `counts_from`: it enters only then; None where it has entered."""

    no: str
    round: int
    metric: Metric
    month: Period
    view: View
    letter: str
    counts_from: datetime | None
    keys: dict[str, Key]


async def list_figures(tx: Tx, no: str, *, scope: Scope) -> tuple[View, list[TicketFigure]]:
    """Of the rounds that the asker may see, first what is known now. Raises NotFound for none."""
    rounds = await list_rounds(tx, no)
    kept = await list_kept(tx, no)
    states = [*rounds, *(one.state for one in kept)]
    if not any(is_seen(state, scope) for state in states):
        raise NotFound
    now = await find_live_view(tx)
    found = [one for state in rounds if is_seen(state, scope) for one in figures_of(state, now)]
    for one in kept:
        if is_seen(one.state, scope):
            view = View(one.known_at, one.revision)
            frozen = figures_of(one.state, view)
            found += [
                figure
                for figure in frozen
                if figure.month.id == one.period and figure.counts_from is None
            ]
    return now, found


def is_seen(state: Marked, scope: Scope) -> bool:
    return scope is None or state.unit in scope


def figures_of(state: Marked, view: View) -> Iterator[TicketFigure]:
    keys = {by: key_of(state) for by, key_of in KEYS.items()}
    for metric, letter in zip(METRICS, state.marks, strict=True):
        if letter == NOTHING:
            continue
        waits = None if metric.due is None else getattr(state, f"{metric.due.value}_from")
        yield TicketFigure(
            state.no,
            state.round,
            metric,
            get_month(getattr(state, f"{metric.dated.value}_month")),
            view,
            letter,
            counts_from=waits if waits is not None and waits > view.known_at else None,
            keys=keys,
        )
