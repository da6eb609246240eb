"""A platform's list, read from its raw bytes: every fault by its place, a number only once."""

from collections.abc import Iterator, Sequence

from services.intake.labels import FAULTS
from services.intake.rules.reconciling import Theirs
from services.intake.schemas.lists import ListedTicket
from shared.errors import FieldError, Invalid

MOST_FAULTS = 100


def lines_of(tickets: Sequence[ListedTicket]) -> list[Theirs]:
    return [
        Theirs(
            upstream_no=one.upstream_no,
            state=one.state.value,
            received_at=one.received_at,
            completed_at=one.completed_at,
            tells_completion="completed_at" in one.model_fields_set,
        )
        for one in tickets
    ]


def refuse_twice(lines: Sequence[Theirs]) -> None:
    faults = list(doubled(lines))
    if faults:
        raise Invalid(errors=faults[:MOST_FAULTS])


def doubled(lines: Sequence[Theirs]) -> Iterator[FieldError]:
    seen: set[str] = set()
    for at, one in enumerate(lines):
        if one.upstream_no in seen:
            yield {"pointer": f"/tickets/{at}/upstream_no", "message": FAULTS["TWICE"]}
        seen.add(one.upstream_no)
