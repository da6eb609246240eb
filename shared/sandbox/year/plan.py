"""The year as a plan: pure, and the same for the same seed to the last character."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from random import Random

from shared.domain.calendar import WorkCalendar
from shared.sandbox.year.aftermath import follow_up
from shared.sandbox.year.agenda import Agenda, is_lockdown, make_agenda
from shared.sandbox.year.arrivals import MONTHLY, Arrivals, hasten, share_out
from shared.sandbox.year.course import Course
from shared.sandbox.year.draft import Draft
from shared.sandbox.year.drafting import (
    choose_appeal_type,
    choose_urgency,
    kind_of,
    make_draft,
)
from shared.sandbox.year.handling import handle
from shared.sandbox.year.opening import open_ticket
from shared.sandbox.year.people import fictitious
from shared.sandbox.year.ranks import plan_ranks
from shared.sandbox.year.ratings import judge
from shared.sandbox.year.scenes.choice import choose_scene
from shared.sandbox.year.station import make_story
from shared.sandbox.year.station_texts import EPISODES
from shared.sandbox.year.steps import YearPlan

TICKETS = 1_762
SEED = 2022
SMALLEST_WITH_STORY = 130
LATE_MONTHS = range(2, 11)
REPORTABLE = frozenset({"G-05", "A-01", "A-02", "A-04", "A-06", "S-02", "S-03", "S-05", "S-06"})


def plan_year(
    calendar: WorkCalendar, *, tickets: int = TICKETS, late: int = 0, seed: int = SEED
) -> YearPlan:
    """The bureau's 2022: `tickets` of them, of which `late` are completed past their due."""
    agenda = make_agenda(calendar, Random(f"{seed}-agenda"))
    drafts = _draft_all(agenda, tickets, seed)
    late_serials = _choose_late(drafts, late)
    courses: list[tuple[Course, datetime]] = []
    for draft in drafts:
        course = Course(draft, agenda, Random(f"{seed}-course-{draft.serial}"))
        accepted = open_ticket(course)
        is_late = draft.serial in late_serials
        courses.append((course, handle(course, accepted, is_late=is_late)))
    _follow_up_all(courses, seed)
    root = next((draft.no for draft in drafts if draft.story), None)
    return YearPlan(
        tickets=tuple(course.finish() for course, _ in courses),
        ranks=plan_ranks(agenda),
        station_no=root,
    )


def digest(plan: YearPlan) -> str:
    """A fingerprint of every call of the plan."""
    return hashlib.sha256(repr(plan).encode()).hexdigest()


def _draft_all(agenda: Agenda, tickets: int, seed: int) -> list[Draft]:
    """Drafts in order of their push, numbered in that order."""
    episodes = len(EPISODES) if tickets >= SMALLEST_WITH_STORY else tickets // 10
    drafts = make_story(Random(f"{seed}-station"), agenda, episodes=episodes)
    arrivals = Arrivals(agenda)
    for month, count in enumerate(share_out(tickets - episodes, MONTHLY), start=1):
        for n in range(count):
            rng = Random(f"{seed}-draft-{month}-{n}")
            drafts.append(_draft_one(rng, agenda, arrivals=arrivals, month=month))
    drafts.sort(key=lambda draft: draft.arrival.pushed_at)
    return _name_root([_numbered(draft, n) for n, draft in enumerate(drafts, start=1)])


def _numbered(draft: Draft, serial: int) -> Draft:
    """The nth ticket of the year; callers with no story of their own get the nth number."""
    if draft.caller is None or draft.story:
        return replace(draft, serial=serial)
    return replace(draft, serial=serial, caller=replace(draft.caller, phone=fictitious(serial)))


def _draft_one(rng: Random, agenda: Agenda, *, arrivals: Arrivals, month: int) -> Draft:
    appeal_type = choose_appeal_type(rng)
    arrival = arrivals.draw(rng, month, appeal_type)
    day = arrival.pushed_at.date()
    scene = choose_scene(rng, day, kind_of(appeal_type))
    urgency = choose_urgency(rng, scene, lockdown=is_lockdown(day))
    if appeal_type == "report" and scene.category not in REPORTABLE:
        appeal_type = "complaint"
    return make_draft(
        rng,
        arrival if urgency == "normal" else hasten(rng, arrival),
        scene=scene,
        appeal_type=appeal_type,
        urgency=urgency,
        calendar=agenda.calendar,
    )


def _name_root(drafts: list[Draft]) -> list[Draft]:
    """Repeats carry the platform's number of the story's first ticket."""
    root = next((draft for draft in drafts if draft.story), None)
    if root is None:
        return drafts
    return [
        replace(draft, story=replace(draft.story, root_no=root.no))
        if draft.story and draft is not root
        else draft
        for draft in drafts
    ]


def _choose_late(drafts: Sequence[Draft], late: int) -> frozenset[int]:
    """Evenly over the middle of the year, among ordinary tickets of five workdays."""
    eligible = [
        draft.serial
        for draft in drafts
        if draft.limit == 5
        and draft.urgency == "normal"
        and draft.story is None
        and draft.arrival.pushed_at.month in LATE_MONTHS
    ]
    if late > len(eligible):
        raise ValueError(f"only {len(eligible)} tickets of this edition may run late")
    return frozenset(eligible[n * len(eligible) // late] for n in range(late))


def _follow_up_all(courses: Sequence[tuple[Course, datetime]], seed: int) -> None:
    closed = [(course.draft, completed) for course, completed in courses]
    judgements = judge(Random(f"{seed}-ratings"), closed)
    for course, completed in courses:
        if judgement := judgements.get(course.draft.serial):
            follow_up(course, completed, judgement)
