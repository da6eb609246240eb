"""From the first deed to the completion: disposal, visits, report, reply, close."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.sandbox.year import opening
from shared.sandbox.year.course import Course
from shared.sandbox.year.draft import Visit
from shared.sandbox.year.limits import reply_due, unit_due
from shared.sandbox.year.people import CONTRACTORS, UNIT_NAMES
from shared.sandbox.year.steps import Contact
from shared.sandbox.year.texts import phrases

SOON = timedelta(hours=3)
FIRST_DEED_OFF_DAY = timedelta(minutes=50)
TEXT_LIMIT = 500
PHOTO_SHARE = 0.4
VISIT_SHARE = 0.12
REJECT_SHARE = 0.012
URGED_SHARE = 0.03
DESK_URGED_SHARE = 0.012
UPDATED_SHARE = 0.018
SUPERVISED_SHARE = 0.006
SUMMARIES_BY_KIND = {
    "consult": phrases.SUMMARIES_ANSWERED,
    "suggestion": phrases.SUMMARIES_IDEA,
    "praise": phrases.SUMMARIES_THANKS,
}


@dataclass(frozen=True, slots=True)
class Span:
    """Between which instants a round is handled, and whether it is to end late."""

    accepted: datetime
    due: datetime
    unit_due: datetime
    is_late: bool = False


def handle(course: Course, accepted: datetime, *, is_late: bool) -> datetime:
    """Plans the first round's handling and tells when it is completed."""
    draft, calendar = course.draft, course.agenda.calendar
    due = draft.due(calendar)
    limit = unit_due(calendar, draft.arrival.dispatched_at, due, workdays=draft.limit)
    span = Span(accepted, due, limit, is_late)
    reported = _choose_report(course, span)
    _do(course, accepted, reported)
    opening.assist(course, accepted, reported)
    _interrupt(course, accepted, reported)
    reported = _report(course, reported, span)
    return answer(course, reported, span)


def _choose_report(course: Course, span: Span) -> datetime:
    """The sitting of the report: the unit's own pace, never past its limit."""
    agenda = course.agenda
    first = agenda.index_after(span.accepted)
    last = max(first, agenda.index_before(span.unit_due))
    if course.draft.urgency != "normal":
        last = min(last, first + 3)
    pace = course.rng.betavariate(1.6, 2.2)
    return course.sitting(first + round((last - first) * pace))


def _do(course: Course, accepted: datetime, reported: datetime) -> None:
    draft, agenda, words = course.draft, course.agenda, course.words
    following = course.sitting(agenda.index_after(accepted))
    if draft.urgency != "normal" and following - accepted > SOON:
        deed = accepted + FIRST_DEED_OFF_DAY
        if deed.date() != accepted.date():  # units rest from midnight to six
            deed = accepted
    else:
        latest = agenda.index_before(reported)
        deed = course.between(max(agenda.index_after(accepted), latest - 7), latest)
    check = "yes" if draft.scene.kind == "problem" else "no_site"
    body = {"text": words.say(phrases.DISPOSALS), "site_check": check}
    if draft.finding.fact == "untrue":
        body["text"] = f"到{draft.place.spoken}查看，{words.say(('{seen}',))}，未见所述情形。"
    elif check == "no_site":
        body["text"] = words.say(("与市民沟通并查阅相关规定，{works}。",))
    course.act(deed, draft.lead, "dispose", body)
    _visit(course, deed, reported)


def _visit(course: Course, deed: datetime, reported: datetime) -> None:
    draft = course.draft
    if draft.story:
        for n, visit in enumerate(draft.story.visits):
            body = {
                "findings": visit.findings,
                "participants": list(visit.participants),
                "lng": draft.place.lng,
                "lat": draft.place.lat,
                "commitments": [
                    {
                        "text": text,
                        "owner": owner,
                        "due_on": str((deed + timedelta(days=days)).date()),
                    }
                    for text, owner, days in visit.commitments
                ],
            }
            visited = deed if n == 0 else reported
            course.act(visited, visit.who, "site-visit", body)
            if visit.kept is not None:
                _check_promises(course, visit, deed=deed, visited=visited)
        _close_matter(course)
    elif draft.scene.kind == "problem" and course.rng.random() < VISIT_SHARE:
        body = {
            "findings": course.words.say(phrases.SITE_FINDINGS),
            "participants": [UNIT_NAMES[draft.lead], f"{draft.place.street}办事处（模拟）"],
            "commitments": [],
        }
        course.act(deed, draft.lead, "site-visit", body)


def _check_promises(course: Course, visit: Visit, *, deed: datetime, visited: datetime) -> None:
    """At the last sitting before the first of them falls due."""
    days = min(days for _, _, days in visit.commitments)
    evening = (deed + timedelta(days=days)).replace(hour=23, minute=59)
    checked = max(visited, course.sitting(course.agenda.index_before(evening)))
    course.act_on_matter(checked, "desk", "note", {"text": visit.kept, "measure": True}, keeps=True)


def _close_matter(course: Course) -> None:
    story = course.draft.story
    if story is None or story.closing is None:
        return
    day, reason = story.closing
    course.act_on_matter(course.agenda.on(day)[-1], "leader", "close", {"reason": reason})


def _interrupt(course: Course, accepted: datetime, reported: datetime) -> None:
    """What comes in while the unit is at work: reminders, additions, supervision."""
    draft, rng, words = course.draft, course.rng, course.words
    last = course.agenda.index_before(reported)
    first = min(course.agenda.index_after(accepted), last)
    name: dict[str, Any] = {"upstream_no": draft.no}
    if rng.random() < URGED_SHARE:
        data = name | {"text": words.say(phrases.URGED)}
        course.tell(course.between(first, last), draft.source, "ticket.urged", data)
    if rng.random() < DESK_URGED_SHARE:
        body = {"text": words.say(phrases.DESK_URGED)}
        course.act(course.between(first, last), "desk", "urge", body)
    if rng.random() < UPDATED_SHARE:
        data = name | {"revision": 2, "content": draft.content + words.say(phrases.SUPPLEMENTS)}
        course.tell(course.between(first, last), draft.source, "ticket.updated", data)
    if rng.random() < SUPERVISED_SHARE:
        due = draft.due(course.agenda.calendar).isoformat()
        data = name | {"text": words.say(phrases.SUPERVISED), "level": 1, "due": due}
        course.tell(course.between(first, last), draft.source, "ticket.supervised", data)


def _report(course: Course, reported: datetime, span: Span) -> datetime:
    """The feedback, at times sent back once by the desk; tells when the last one was given."""
    agenda = course.agenda
    following = agenda.index_after(reported)
    may_repeat = course.sitting(following) <= span.unit_due
    if may_repeat and course.rng.random() < REJECT_SHARE:
        course.act(reported, course.draft.lead, "feedback", feedback(course), contact=_use(course))
        comment = {"comment": course.words.say(phrases.REJECTED)}
        course.act(reported, "desk", "reject-feedback", comment)
        reported = course.sitting(following)
    course.act(reported, course.draft.lead, "feedback", feedback(course), contact=_use(course))
    return reported


def _use(course: Course) -> Contact:
    return Contact.NEEDS if course.draft.has_phone else Contact.NONE


def feedback(course: Course) -> dict[str, Any]:
    """The report as the unit files it; notes only where the finding asks for them."""
    finding = course.draft.finding
    body: dict[str, Any] = {
        "summary": _summary(course)[:TEXT_LIMIT],
        "appeal_finding": finding.appeal,
        "case_valuation": finding.valuation,
    }
    for key in ("fact_note", "appeal_note"):
        if value := getattr(finding, key):
            body[key] = value
    if finding.fact:
        body["fact_finding"] = finding.fact
    attachments = _attachments(course)
    if attachments:
        body["attachments"] = attachments
    return body


def _summary(course: Course) -> str:
    draft = course.draft
    if draft.story:
        return draft.story.summary
    if draft.scene.kind != "problem":
        return course.words.say(SUMMARIES_BY_KIND[draft.scene.kind])
    if draft.finding.fact == "untrue":
        return course.words.say(phrases.SUMMARIES_UNTRUE)
    if draft.excess:
        return course.words.say(phrases.SUMMARIES_EXPLAINED)
    return course.words.say(phrases.SUMMARIES if draft.has_phone else phrases.SUMMARIES_UNNAMED)


def _attachments(course: Course) -> list[dict[str, str]]:
    draft = course.draft
    kinds: tuple[str, ...] = ()
    if draft.scene.kind == "problem" and course.rng.random() < PHOTO_SHARE:
        kinds = ("photo_before", "photo_after")
    if draft.kind == "state_council":
        kinds += ("sealed_doc",)
    return [attachment(draft.no, kind) for kind in kinds]


def attachment(no: str, kind: str) -> dict[str, str]:
    return {"kind": kind, "url": f"https://files.example.invalid/{no}/{kind}"}


def answer(course: Course, reported: datetime, span: Span) -> datetime:
    """Reply to the caller where one is due, then the desk completes; tells when."""
    draft, agenda = course.draft, course.agenda
    first = agenda.index_before(reported)
    replied = reported
    if draft.need_reply and draft.has_phone:
        latest = agenda.index_before(reply_due(agenda.calendar, span.due, reported))
        replied = course.between(first, min(first + 4, latest))
        by_unit = draft.lead not in CONTRACTORS and not draft.is_confidential
        who = draft.lead if by_unit and course.rng.random() < 0.5 else "desk"
        course.act(replied, who, "reply", _reply(course))
    if span.is_late:
        overdue = agenda.index_after(span.due)
        completed = course.between(overdue + 1, overdue + 5)
    else:
        first = agenda.index_before(replied)
        latest = agenda.index_before(span.due)
        completed = course.between(first, min(first + 3, latest))
    course.act(completed, "desk", "complete", {})
    return completed


def _reply(course: Course) -> dict[str, Any]:
    draft, words = course.draft, course.words
    choices: tuple[str, ...] = phrases.REPLIES
    satisfaction = course.rng.choices(("satisfied", "accepted"), (7, 3))[0]
    if draft.scene.kind != "problem":
        choices = phrases.REPLIES_ANSWERED
    elif draft.finding.fact == "untrue":
        choices, satisfaction = phrases.REPLIES_UNTRUE, "accepted"
    elif draft.excess:
        choices, satisfaction = phrases.REPLIES_EXPLAINED, "accepted"
    points = draft.story.reply if draft.story else words.say(choices)
    mode = course.rng.choices(("phone", "written", "meeting"), (92, 5, 3))[0]
    return {
        "mode": mode,
        "reply_points": points[:TEXT_LIMIT],
        "citizen_feedback": words.say(phrases.CITIZEN_FEEDBACK[satisfaction]),
        "reply_satisfaction": satisfaction,
    }
