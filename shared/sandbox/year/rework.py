"""The second round (重办): the head of the unit goes there, what was left is done."""

from datetime import datetime

from shared.sandbox.year import handling
from shared.sandbox.year.course import Course
from shared.sandbox.year.handling import Span, attachment
from shared.sandbox.year.opening import accept, reach
from shared.sandbox.year.payload import stamp
from shared.sandbox.year.people import UNIT_NAMES
from shared.sandbox.year.steps import Contact
from shared.sandbox.year.texts import phrases


def rework(course: Course, reopened: datetime, due: datetime, *, is_upstream: bool) -> datetime:
    """Plans the round from where it was opened, by the desk's follow-up or the platform's word."""
    draft, agenda = course.draft, course.agenda
    if is_upstream:
        data = {
            "upstream_no": f"{draft.no}-R",
            "of": draft.no,
            "reason": course.words.say(phrases.REWORK_REASONS),
            "due": stamp(due),
        }
        course.tell(reopened, draft.source, "ticket.rework", data)
    index = agenda.index_after(reopened)
    taken_in, accepted = course.sitting(index), course.sitting(index + 1)
    scene = draft.scene
    course.act(taken_in, "desk", "triage", {"trade": scene.trade, "category": scene.category})
    course.act(taken_in, "desk", "dispatch", {"lead": draft.lead})
    accept(course, draft.lead, accepted, hand=draft.hand)
    who = "desk" if draft.is_confidential else draft.lead
    reach(course, who, accepted, choices=phrases.CONTACT_AGAIN)
    span = Span(accepted, due, agenda.calendar.same_time_workdays_before(due, 1))
    return _handle_again(course, index + 2, span, is_upstream=is_upstream)


def _handle_again(course: Course, index: int, span: Span, *, is_upstream: bool) -> datetime:
    draft, agenda, words = course.draft, course.agenda, course.words
    words.know(works=course.rng.choice(phrases.REWORK_WORKS), result="问题未再反复")
    deed = course.sitting(index)
    course.act(
        deed, draft.lead, "dispose", {"text": words.say(phrases.DISPOSALS), "site_check": "yes"}
    )
    visit = {
        "findings": words.say(phrases.REWORK_FINDINGS),
        "participants": [f"{UNIT_NAMES[draft.lead]}负责人", draft.hand[1]],
        "commitments": [],
    }
    course.act(deed, draft.lead, "site-visit", visit)
    reported = course.between(index + 1, min(index + 5, agenda.index_before(span.unit_due)))
    report = handling.feedback(course)
    report["summary"] = words.say(phrases.SUMMARIES)
    if is_upstream:
        recording = attachment(f"{draft.no}-R", "recording")
        report["attachments"] = [*report.get("attachments", ()), recording]
    course.act(reported, draft.lead, "feedback", report, contact=Contact.NEEDS)
    return handling.answer(course, reported, span)
