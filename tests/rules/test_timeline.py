"""The ticket of domain §7, hour by hour, and the round that a dissatisfied citizen would open."""

from shared.domain.words import ClockName, TicketState
from tests.rules.courses import OTHER, UNIT, Course, at

COMPLETE, CONTACT, DONE = ClockName.COMPLETE, ClockName.FIRST_CONTACT, ClockName.UNIT_COMPLETE


def test_the_timeline_of_the_18th_of_november() -> None:
    course = Course("11-18 09:12", upstream_due=at("11-25 23:59:59"))
    assert course.due(CONTACT) == at("11-19 23:59:59")
    assert course.due(COMPLETE) == at("11-25 23:59:59") == Course("11-18 09:12").due(COMPLETE)

    course.triage("11-18 09:40").contact("11-18 10:05")
    assert course.clock(CONTACT).state(at("11-18 10:05")) == "met"

    course.dispatch("11-18 10:10", OTHER)
    assert course.due(DONE, UNIT) == course.due(DONE, OTHER) == at("11-24 23:59:59")

    course.accept("11-18 11:00").dispose("11-20 15:30").feedback("11-24 10:00")
    assert course.due(ClockName.REPLY) == at("11-25 23:59:59")

    course.reply("11-24 16:20").complete("11-24 17:00")
    assert course.due(ClockName.FOLLOW_UP) == at("11-26 23:59:59")

    course.follow_up("11-26 10:00")
    assert course.ticket.state is TicketState.FOLLOWED_UP
    own = [one for one in course.ticket.clocks if one.unit != OTHER]
    assert {one.state(at("12-31 00:00")) for one in own} == {"met"}

    course.rework("11-26 10:00")
    assert course.due(COMPLETE) == at("12-01 23:59:59")
    first = [one for one in course.ticket.clocks if one.round == 1 and one.name is COMPLETE]
    assert [one.state(at("12-31 00:00")) for one in first] == ["met"]
