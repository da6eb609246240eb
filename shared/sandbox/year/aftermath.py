"""After the completion: the desk's follow-up, the platform's, and a second round where asked."""

from datetime import datetime
from typing import Any

from shared.sandbox.year.course import Course
from shared.sandbox.year.limits import FOLLOW_UP_WORKDAYS, REWORK_WORKDAYS
from shared.sandbox.year.ratings import Judgement
from shared.sandbox.year.rework import rework

ATTEMPTS = 3
LEVELS = {"C": "city", "D": "district"}
BETTER_AT_THE_DESK = {"dissatisfied": "neutral", "neutral": "mostly_satisfied"}


def follow_up(course: Course, completed: datetime, judgement: Judgement) -> None:
    """Plans who asks the caller when, what is answered, and what follows from it."""
    agenda = course.agenda
    first = agenda.index_after(completed) + 1
    due = agenda.calendar.end_of_workday_after(completed, FOLLOW_UP_WORKDAYS)
    latest = agenda.index_before(due)
    index = course.rng.randint(first, max(first, min(first + 8, latest - ATTEMPTS)))
    if judgement.reached != "yes":
        attempts = ATTEMPTS if judgement.reached == "unreachable" else 1
        for n in range(attempts):
            body = {"reached": judgement.reached}
            course.act(course.sitting(index + n), "desk", "follow-up", body)
        return
    asked = course.sitting(index)
    course.act(asked, "desk", "follow-up", answers(_at_the_desk(course, judgement), judgement))
    if judgement.reopened == "own":
        due = agenda.calendar.end_of_workday_after(asked, REWORK_WORKDAYS)
        second = rework(course, asked, due, is_upstream=False)
        _close_second_round(course, second)
    elif judgement.has_upstream:
        _upstream(course, index, judgement)


def answers(overall: str, judgement: Judgement) -> dict[str, Any]:
    """The caller's answers as recorded, in the words of desk and platforms alike."""
    own = judgement.reopened == "own" and overall == "dissatisfied"
    solved = {"satisfied": "yes", "mostly_satisfied": "yes"}.get(overall, "unrated")
    return {
        "reached": "yes",
        "first_contact": judgement.first_contact,
        "overall": overall,
        "attitude": "neutral" if overall == "dissatisfied" else "satisfied",
        "solved": "no" if own else solved,
        "redo": own,
    }


def _at_the_desk(course: Course, judgement: Judgement) -> str:
    """What the desk hears: what stands in the end, or one step better where the platform asks."""
    if not judgement.has_upstream:
        return judgement.overall
    if judgement.overall == "dissatisfied" or course.rng.random() < 0.3:
        return BETTER_AT_THE_DESK.get(judgement.overall, judgement.overall)
    return judgement.overall


def _upstream(course: Course, index: int, judgement: Judgement) -> None:
    draft, agenda = course.draft, course.agenda
    index += course.rng.randint(5, 18)
    told = course.sitting(index)
    data = {"upstream_no": draft.no, "level": LEVELS[draft.letter]}
    data |= answers(judgement.overall, judgement)
    course.tell(told, draft.source, "ticket.followed_up", data)
    if judgement.reopened == "upstream":
        reopened = course.sitting(index + course.rng.randint(4, 10))
        due = agenda.calendar.end_of_workday_after(reopened, REWORK_WORKDAYS)
        _close_second_round(course, rework(course, reopened, due, is_upstream=True))


def _close_second_round(course: Course, completed: datetime) -> None:
    index = course.agenda.index_after(completed) + course.rng.randint(1, 6)
    overall = course.rng.choice(("satisfied", "mostly_satisfied"))
    course.act(course.sitting(index), "desk", "follow-up", answers(overall, Judgement()))
