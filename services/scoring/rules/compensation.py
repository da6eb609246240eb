"""What is yet to be written so that the deductions kept say what the log says."""

from collections.abc import Sequence
from dataclasses import replace

from services.scoring.rules.deductions import MOVED, Deduction


def still_missing(stored: Sequence[Deduction], rows: Sequence[Deduction]) -> list[Deduction]:
    """What of `rows` is yet to be written. `stored` and `rows` are of one subject.

    Where something recorded earlier became known only after rows were written (two transactions
    that crossed), what was written stays, and rows follow that make the same stand.
    """
    found: list[Deduction] = []
    keys = dict.fromkeys((row.round, row.rule) for row in (*stored, *rows))
    for key in keys:
        before = [row for row in stored if (row.round, row.rule) == key]
        after = [row for row in rows if (row.round, row.rule) == key]
        if [row.essence for row in before] == [row.essence for row in after[: len(before)]]:
            found += after[len(before) :]
        else:
            found += _mend(before, after)
    return found


def _mend(before: Sequence[Deduction], after: Sequence[Deduction]) -> list[Deduction]:
    held, wanted = _last_standing(before), _last_standing(after)
    if held is None and wanted is None:
        return []
    if held is not None and wanted is not None and held.essence == wanted.essence:
        return []
    last = after[-1] if after else before[-1]
    ordinal = before[-1].ordinal if before else 0
    mended = []
    if held is not None:
        ordinal += 1
        cause = last.cause if wanted is None and last.reverses is not None else MOVED
        mended.append(
            replace(
                held,
                ordinal=ordinal,
                points=-held.points,
                cause=cause,
                reverses=held.ordinal,
                seq=last.seq,
                position=last.position,
                recorded_at=last.recorded_at,
            )
        )
    if wanted is not None:
        mended.append(replace(wanted, ordinal=ordinal + 1))
    return mended


def _last_standing(rows: Sequence[Deduction]) -> Deduction | None:
    return rows[-1] if rows and rows[-1].reverses is None else None
