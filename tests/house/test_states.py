"""`docs/states.md` says what the code does."""

from shared.domain.lifecycle import TRANSITIONS
from shared.domain.words import TicketState
from tests.house.courses import passages
from tests.house.states import PAGE, page


def test_the_page_on_states_is_what_the_code_would_write() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: make docs"


def test_the_courses_of_the_page_pass_every_transition() -> None:
    passed = {(way.before, way.after) for way in passages() if way.before is not way.after}
    allowed = {
        (before, after)
        for before, targets in TRANSITIONS.items()
        for after in targets
        if after is not TicketState.VOIDED
    }

    assert {way for way in passed if way[0] and way[1] is not TicketState.VOIDED} == allowed
