"""The random histories bring about all that the metrics tell apart."""

from collections import defaultdict

from shared.domain.events import EVENTS
from tests.scoring.courses.making import course
from tests.scoring.world import make_histories, number_of

MANY = 500
# What the histories leave out: it changes no figure, or needs a rulebook that grants it.
LEFT_OUT = {
    "ticket.assist_accepted",
    "ticket.assist_done",
    "ticket.clock_missed",
    "ticket.clock_warned",
    "ticket.clocks_corrected",
    "ticket.clocks_paused",
    "ticket.clocks_resumed",
    "ticket.commitment_kept",
    "ticket.erased",
    "ticket.escalated",
    "ticket.site_visited",
}


def test_every_kind_of_event_that_may_change_a_figure_comes_to_pass_many_times() -> None:
    seen: defaultdict[str, int] = defaultdict(int)
    for steps in make_histories(MANY):
        for step in steps:
            seen[step.event.type] += 1

    assert {event.type for event in EVENTS} - LEFT_OUT == set(seen)
    assert min(seen.values()) >= 10


def test_the_same_number_tells_the_same_history() -> None:
    first = make_histories(3)

    assert course(2, [number_of(steps) for steps in first[:2]]) == first[2]
