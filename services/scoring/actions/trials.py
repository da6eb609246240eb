"""Trying a scheme: what would have come of it, beside what did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.scoring import sanitation_queries
from services.scoring.actions.sanitation import month_of
from services.scoring.actions.scores import Question, Sheet, known_of, read_sheet
from services.scoring.actions.verdicts import list_judged
from services.scoring.rules.flips import Flip, Stands, list_flips, metrics_of
from services.scoring.rules.schemes import Scheme
from services.scoring.rules.tallies import Key
from shared.db import Tx
from shared.domain.rulebook import Unit


@dataclass(frozen=True, slots=True)
class Move:
    """A row whose rank is another; None where it has none."""

    key: Key
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Trial:
    before: Sheet
    after: Sheet
    moves: Sequence[Move]
    flips: Sequence[Flip]


async def try_scheme(
    tx: Tx, question: Question, *, rival: Scheme, tried: Scheme, units: Mapping[str, Unit]
) -> Trial:
    """Reads only. `rival` is what `tried` would take the place of."""
    before = await read_sheet(tx, question, scheme=rival, units=units)
    after = await read_sheet(tx, question, scheme=tried, units=units)
    old, new = _schemes(before), _schemes(after)
    judged = await list_judged(tx, question, metrics_of(old, new))
    standing: Sequence[Stands] = ()
    month = month_of(question.period)
    if month is not None and (rival.assessment or tried.assessment) is not None:
        standing = await sanitation_queries.list_standing(tx, month, known_of(question))
    flips = list_flips(old, new, judged, standing=standing)
    return Trial(before, after, list_moves(before, after), flips)


def _schemes(sheet: Sheet) -> dict[Key, Scheme]:
    """Each as it is for that row."""
    return {row.key: row.entrant.scheme for row in sheet.rows if row.entrant is not None}


def list_moves(before: Sheet, after: Sheet) -> list[Move]:
    """In the order of the new sheet."""
    ranks = {row.key: row.rank for row in before.rows}
    moves = [Move(row.key, ranks.get(row.key), row.rank) for row in after.rows]
    return [move for move in moves if move.before != move.after]
