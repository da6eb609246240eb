"""From the push to the accept: the desk takes the ticket in, the caller is called, a unit takes it.

Every step follows at the next sitting, which keeps the two working hours of desk and unit; an
urgent ticket goes by minutes instead (push, six minutes, ten more), whatever the day.
"""

from datetime import datetime, timedelta
from typing import Any

from shared.sandbox.year import payload
from shared.sandbox.year.course import Course
from shared.sandbox.year.people import choose_hand
from shared.sandbox.year.steps import Contact
from shared.sandbox.year.texts import phrases

TRIAGE_URGENT = timedelta(minutes=6)
ACCEPT_URGENT = timedelta(minutes=16)
UNREACHED_REASONS = ("never_answered", "always_off", "other")
UNREACHED_SHARE = 0.06
CONTACT_MODES = ("phone", "phone", "phone", "bridge")


def open_ticket(course: Course) -> datetime:
    """Plans everything up to the lead's accept, and tells when that is."""
    draft, agenda = course.draft, course.agenda
    pushed = draft.arrival.pushed_at
    course.tell(pushed, draft.source, "ticket.created", payload.created(draft))
    if draft.urgency == "normal":
        taken_in = agenda.sittings[agenda.index_after(pushed)]
        accepted = agenda.sittings[agenda.index_after(taken_in)]
    else:
        taken_in, accepted = pushed + TRIAGE_URGENT, pushed + ACCEPT_URGENT
    course.act(taken_in, "desk", "triage", _triage(course))
    if draft.has_phone and draft.contact_by == "desk":
        _contact(course, "desk", taken_in, again_at=accepted)
    course.act(taken_in, "desk", "dispatch", _dispatch(course))
    accept(course, draft.lead, accepted, hand=draft.hand)
    if draft.has_phone and draft.contact_by == "unit":
        again = agenda.sittings[agenda.index_after(accepted)]
        _contact(course, draft.lead, accepted, again_at=again)
    if draft.is_twin:
        course.tell(
            accepted, payload.twin_source(draft), "ticket.created", payload.twin(draft, accepted)
        )
    return accepted


def accept(course: Course, unit: str, now: datetime, *, hand: tuple[str, str]) -> None:
    section, executor = hand
    course.act(now, unit, "accept", {"section": section, "executor": executor})


def assist(course: Course, accepted: datetime, reported: datetime) -> None:
    """The helping unit accepts after the lead and has done its part before the report."""
    unit = course.draft.assist
    if unit is None:
        return
    agenda = course.agenda
    accept(course, unit, accepted, hand=choose_hand(course.rng, unit, course.draft.scene.category))
    latest = agenda.index_before(reported)
    done = course.between(min(agenda.index_after(accepted), latest), latest)
    body = {"text": course.words.say(phrases.ASSIST_DONE), "site_check": "yes", "done": True}
    course.act(max(done, accepted), unit, "dispose", body)


def _contact(course: Course, who: str, now: datetime, *, again_at: datetime) -> None:
    """A call that reaches the caller, at times only the second one."""
    if course.draft.urgency == "normal" and course.rng.random() < UNREACHED_SHARE:
        body = {
            "result": "unreached",
            "mode": "phone",
            "reason_code": course.rng.choice(UNREACHED_REASONS),
            "content": course.words.say(phrases.CONTACT_UNREACHED),
        }
        course.act(now, who, "contact", body)
        now = again_at
    reach(course, who, now, choices=phrases.CONTACT_REACHED)


def reach(course: Course, who: str, now: datetime, *, choices: tuple[str, ...]) -> None:
    mode = course.rng.choice(CONTACT_MODES)
    body = {"result": "reached", "mode": mode, "content": course.words.say(choices)}
    if mode == "bridge":
        body["call_id"] = f"SIM-CALL-{course.draft.serial:05d}-{course.rng.randrange(1000):03d}"
    course.act(now, who, "contact", body, contact=Contact.YIELDS)


def _triage(course: Course) -> dict[str, Any]:
    scene = course.draft.scene
    body = {"trade": scene.trade, "category": scene.category}
    if scene.std:
        body["std_kind"], body["std_code"] = scene.std
    return body


def _dispatch(course: Course) -> dict[str, Any]:
    draft = course.draft
    body: dict[str, Any] = {"lead": draft.lead}
    if draft.assist:
        body["assists"] = [draft.assist]
    if course.rng.random() < 0.45:
        body["instruction"] = course.words.say(phrases.INSTRUCTIONS)
    return body
