"""A matter (同一事项) as its reader wants it: who complained, what was done, what came of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from services.dispatch.answers import INSIDERS, caller_answer, visits_answer
from services.dispatch.case import Texts
from services.dispatch.rules.weeks import Series, around, count_weeks, monday_of, week_name
from services.dispatch.times import city_time
from shared.domain.actor import Actor
from shared.domain.clocks import Clock
from shared.domain.matters import Matter, MatterEntry, NoteTaken
from shared.domain.ticket import Ticket
from shared.domain.words import ClockOutcome
from shared.labels import APPEAL_FINDINGS, FACT_FINDINGS, STATES, VALUATIONS

SUPERVISED = ("ticket.supervised", "ticket.escalated")
KEPT, BROKEN, OPEN, CANCELLED = "kept", "broken", "open", "cancelled"


@dataclass(frozen=True, slots=True)
class Member:
    """A ticket of the matter that the reader may see, and what lies beside it."""

    ticket: Ticket
    texts: Texts
    caller: Mapping[str, str | None]
    digest: bytes | None


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that is told of a matter. `told` are rows of the tickets' logs."""

    matter: Matter
    members: Sequence[Member]
    told: Sequence[Any]
    log: Sequence[MatterEntry]
    words: Texts
    reader: Actor
    now: datetime

    @property
    def received(self) -> list[datetime]:
        return [one.ticket.received_at for one in self.members]

    def member(self, ticket_id: int) -> Member:
        return next(one for one in self.members if one.ticket.ticket_id == ticket_id)


def dossier_answer(dossier: Dossier) -> dict[str, Any]:
    """JSON-ready, without the story."""
    matter, received = dossier.matter, dossier.received
    is_inside = dossier.reader.role in INSIDERS
    first = dossier.members[0].ticket if dossier.members else None
    digests = {one.digest for one in dossier.members}
    answer: dict[str, Any] = {
        "id": matter.matter,
        "version": matter.version,
        "state": matter.state,
        "opened_at": city_time(matter.opened_at),
        "closed": _closed(dossier),
        "trade": first.trade if first else None,
        "category": first.category if first else None,
        "street": first.street if first else None,
        "callers": {
            "distinct": len(digests - {None}),
            "without_number": sum(one.digest is None for one in dossier.members),
        },
        "first_complaint_at": city_time(min(received, default=None)),
        "last_complaint_at": city_time(max(received, default=None)),
        "tickets": [_ticket(dossier, one) for one in dossier.members],
        "findings": _findings(dossier),
        "site_visits": _visits(dossier),
        "supervisions": _supervisions(dossier),
        "commitments": commitments(dossier),
        "complaints_per_week": _weeks(dossier),
        "measures": measures(dossier),
    }
    if any(one.ticket.no == matter.root for one in dossier.members):
        answer["root"] = matter.root
    if is_inside:
        answer["notes"] = notes(dossier)
    return answer


def _closed(dossier: Dossier) -> dict[str, Any] | None:
    matter = dossier.matter
    if matter.closed_at is None:
        return None
    closed = {"at": city_time(matter.closed_at), "by": matter.closed_by}
    seq = max(one.seq for one in dossier.log if one.event.type == "matter.closed")
    if dossier.reader.role in INSIDERS:
        closed["reason"] = dossier.words.get((seq, "reason"))
    return closed


def _ticket(dossier: Dossier, member: Member) -> dict[str, Any]:
    ticket, texts = member.ticket, member.texts
    rows = [row for row in dossier.told if row.ticket_id == ticket.ticket_id]
    linked = [row for row in rows if row.type == "ticket.repeat_linked"]
    joined = [row for row in rows if row.type == "ticket.matter_joined"]
    follow_up = ticket.follow_ups[-1] if ticket.follow_ups else None
    answer: dict[str, Any] = {
        "no": ticket.no,
        "received_at": city_time(ticket.received_at),
        "state": ticket.state,
        "state_label": STATES[ticket.state],
        "round": ticket.round,
        "title": texts.get((ticket.texts.get("title", 0), "title")),
        "address": texts.get((ticket.texts.get("address", 0), "address")),
        "lead": ticket.lead.unit if ticket.lead is not None else None,
        "repeat_of": ticket.repeat_of,
        "repeat": _reason(linked[-1]) if linked and ticket.repeat_of else None,
        "joined": _reason(joined[-1]) if joined else None,
        "finding": finding(ticket),
        "case_valuation": ticket.feedback.case_valuation if ticket.feedback else None,
        "works": [texts.get((one.seq, "work")) for one in ticket.works],
        "completed_at": city_time(ticket.completed_at),
        "overall": follow_up.overall if follow_up is not None else None,
    }
    shown = caller_answer(ticket, member.caller, dossier.reader)
    if shown is not None:
        answer["caller"] = shown
    return answer


def _reason(row: Any) -> dict[str, Any]:
    """Layer and reason, and what was compared, as the event keeps them."""
    data: dict[str, Any] = orjson.loads(row.data)
    return {name: value for name, value in data.items() if name not in ("root", "matter")}


def finding(ticket: Ticket) -> str | None:
    """Facts and demand in the words people use: 属实/诉求过高."""
    feedback = ticket.feedback
    if feedback is None:
        return None
    facts = FACT_FINDINGS[feedback.fact_finding] if feedback.fact_finding else None
    appeal = APPEAL_FINDINGS[feedback.appeal_finding] if feedback.appeal_finding else None
    return "/".join(one for one in (facts, appeal) if one) or None


def _findings(dossier: Dossier) -> dict[str, Any]:
    reports = [one.ticket.feedback for one in dossier.members if one.ticket.feedback is not None]
    found = Counter(finding(one.ticket) for one in dossier.members)
    valued = Counter(VALUATIONS[one.case_valuation] for one in reports)
    return {
        "found": [{"finding": text, "tickets": n} for text, n in found.most_common() if text],
        "valued": [{"valuation": text, "tickets": n} for text, n in valued.most_common()],
        "pending": len(dossier.members) - len(reports),
    }


def _visits(dossier: Dossier) -> list[dict[str, Any]]:
    found = [
        {"ticket": one.ticket.no, **visit}
        for one in dossier.members
        for visit in visits_answer(one.ticket, one.texts)
    ]
    for visit in found:
        for promise in visit["commitments"]:
            promise["id"] = f"{visit['ticket']}-{promise['id']}"
    return sorted(found, key=lambda visit: visit["at"])


def _supervisions(dossier: Dossier) -> list[dict[str, Any]]:
    return [
        {
            "at": city_time(row.occurred_at),
            "ticket": (member := dossier.member(row.ticket_id)).ticket.no,
            "by": row.actor_name,
            "level": (data := orjson.loads(row.data))["level"],
            "cause": data.get("cause"),
            "text": member.texts.get((row.seq, "text")) or member.texts.get((row.seq, "reason")),
        }
        for row in dossier.told
        if row.type in SUPERVISED
    ]


def commitments(dossier: Dossier) -> list[dict[str, Any]]:
    """Every promise made on the spot and whether it was kept by the end of its day."""
    found = [
        {
            "id": f"{one.ticket.no}-{visit.promise(place)}",
            "ticket": one.ticket.no,
            "made_at": city_time(visit.at),
            "text": one.texts.get((visit.seq, f"commitment:{place}")),
            "owner": one.texts.get((visit.seq, f"owner:{place}")),
            "due_on": promise.due_on,
            **keeping(one.ticket.commitment(visit.promise(place)), dossier.now),
        }
        for one in dossier.members
        for visit in one.ticket.site_visits
        for place, promise in enumerate(visit.commitments)
    ]
    return sorted(found, key=lambda one: (one["due_on"], one["id"]))


def keeping(clock: Clock | None, now: datetime) -> dict[str, Any]:
    """One kept after its day is broken all the same, with the time it was kept at."""
    if clock is None:  # made before promises were clocks
        return {"state": OPEN, "kept_at": None}
    if clock.outcome is ClockOutcome.CANCELLED:
        return {"state": CANCELLED, "kept_at": None}
    if clock.outcome is None:
        return {"state": BROKEN if clock.is_missed(now) else OPEN, "kept_at": None}
    state = KEPT if clock.outcome is ClockOutcome.MET else BROKEN
    return {"state": state, "kept_at": city_time(clock.stopped_at)}


def _weeks(dossier: Dossier) -> dict[str, Any] | None:
    received = dossier.received
    if not received:
        return None
    since = monday_of(min(received))
    return _series(count_weeks(received, since=since, until=monday_of(dossier.now)))


def _series(series: Series) -> dict[str, Any]:
    return {"from_week": week_name(series.since), "counts": list(series.counts)}


def measures(dossier: Dossier) -> list[dict[str, Any]]:
    """Whatever was done about it, in order, with the complaints before and after."""
    done = [
        (visit["at"], "site_visit", visit["ticket"], visit["findings"])
        for visit in _visits(dossier)
    ]
    done += [
        (one["at"], "supervision", one["ticket"], one["text"])
        for one in _supervisions(dossier)
        if one["cause"] is None
    ]
    done += [
        (city_time(work.at), "work", one.ticket.no, one.texts.get((work.seq, "work")))
        for one in dossier.members
        for work in one.ticket.works
    ]
    done += [(one["at"], "note", None, one["text"]) for one in notes(dossier) if one["measure"]]
    ordered = sorted(done, key=lambda one: str(one[0]))
    return [
        {"at": at, "kind": kind, "ticket": ticket, "text": text, **_effect(dossier, str(at))}
        for at, kind, ticket, text in ordered
        if kind != "note" or dossier.reader.role in INSIDERS
    ]


def _effect(dossier: Dossier, at: str) -> dict[str, Any]:
    before, after = around(dossier.received, datetime.fromisoformat(at), dossier.now)
    return {
        "week": week_name(monday_of(datetime.fromisoformat(at))),
        "before": _series(before),
        "after": _series(after),
    }


def notes(dossier: Dossier) -> list[dict[str, Any]]:
    return [
        {
            "at": city_time(one.occurred_at),
            "by": one.actor.name,
            "text": dossier.words.get((one.seq, "text")),
            "measure": one.event.is_measure,
            "kept": list(one.event.kept),
        }
        for one in dossier.log
        if isinstance(one.event, NoteTaken)
    ]
