"""A ticket as answered (contract §4): fields a role may not see are absent, not null."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from services.dispatch.attachments import attachment_answer
from services.dispatch.case import Texts
from services.dispatch.requests import requests_answer
from services.dispatch.times import city_time
from shared.domain.actor import Actor
from shared.domain.clocks import Clock
from shared.domain.contacts import effective_contact
from shared.domain.emergency import MARK
from shared.domain.parts import Assist, Contact, Upstream
from shared.domain.ticket import Ticket
from shared.domain.words import HOTLINE_CLOCKS, TERMINAL_STATES, ClockName, Role

INSIDERS = frozenset({Role.DESK, Role.LEADER, Role.ADMIN})
UNIT_CLOCKS = (ClockName.UNIT_ACCEPT, ClockName.UNIT_COMPLETE)


def ticket_answer(
    ticket: Ticket,
    texts: Texts,
    caller: Mapping[str, str | None],
    *,
    reader: Actor,
    now: datetime,
) -> dict[str, Any]:
    """JSON-ready. Times in +08:00; texts already without the caller's own name and numbers."""

    def standing(name: str) -> str | None:
        seq = ticket.texts.get(name)
        return None if seq is None else texts.get((seq, name))

    answer: dict[str, Any] = {
        "no": ticket.no,
        "version": ticket.version,
        "state": ticket.state,
        "round": ticket.round,
        "upstream": [_upstream(one, texts, reader) for one in ticket.upstream],
        "ticket_kind": ticket.ticket_kind,
        "appeal_type": ticket.appeal_type,
        "urgency": ticket.urgency,
        "trade": ticket.trade,
        "category": ticket.category,
        "std_kind": ticket.std_kind,
        "std_code": ticket.std_code,
        "title": standing("title"),
        "content": standing("content"),
        "address": standing("address"),
        "street": ticket.street,
        "location": None if ticket.lng is None else {"lng": ticket.lng, "lat": ticket.lat},
        "is_anonymous": ticket.is_anonymous,
        "is_confidential": ticket.is_confidential,
        "need_reply": ticket.need_reply,
        "lead": _lead(ticket),
        "assists": [_assist(ticket, assist) for assist in ticket.assists],
        "instruction": _text(texts, ticket.instruction, "instruction"),
        "matter": ticket.matter,
        "repeat_of": ticket.repeat_of,
        "supervision_level": ticket.supervision_level,
        "urged": ticket.urged,
        "clocks": clocks_answer(ticket, now),
        "contacts": contacts_answer(ticket, texts),
        "works": works_answer(ticket, texts),
        "site_visits": visits_answer(ticket, texts),
        **requests_answer(ticket, texts),
        "feedback": feedback_answer(ticket, texts),
        "reply": reply_answer(ticket, texts),
        "follow_ups": [_follow_up(one) for one in ticket.follow_ups],
        "merged_into": ticket.merged_into,
        "absorbed": list(ticket.absorbed),
        "emergency": emergency_answer(ticket),
        "received_at": city_time(ticket.received_at),
        "completed_at": city_time(ticket.completed_at),
    }
    shown = caller_answer(ticket, caller, reader)
    if shown is not None:
        answer["caller"] = shown
    light = light_of(ticket, now)
    if light is not None:
        answer["light"] = light
    if reader.role in INSIDERS and ticket.object_unit is not None:
        answer["object_unit"] = ticket.object_unit
    if ticket.erased:
        answer["erased"] = list(ticket.erased)
    return answer


def emergency_answer(ticket: Ticket) -> dict[str, Any] | None:
    """The emergency plan it came under last, and which of its clocks go by a plan."""
    if not ticket.emergencies:
        return None
    last = ticket.emergencies[-1]
    moved = {clock.name.value for clock in ticket.clocks if clock.rule.endswith(MARK)}
    return {"id": last.id, "at": city_time(last.at), "clocks": sorted(moved)}


def light_of(ticket: Ticket, now: datetime) -> str | None:
    """That of `complete`; after completion as it was then; absent in terminal states (ruling 8)."""
    clock = ticket.clock(ClockName.COMPLETE)
    if ticket.state in TERMINAL_STATES or clock is None or clock.due is None:
        return None
    looked_at = clock.stopped_at or now
    if looked_at >= clock.due:
        return "red"
    return "yellow" if clock.warn is not None and looked_at >= clock.warn else "green"


def clocks_answer(ticket: Ticket, now: datetime) -> dict[str, Any]:
    """The latest of each name, for the present round and lead."""
    lead = ticket.lead.unit if ticket.lead is not None else None
    shown = {}
    for name in HOTLINE_CLOCKS:
        unit = lead if name in UNIT_CLOCKS else None
        clock = None if name in UNIT_CLOCKS and lead is None else ticket.clock(name, unit=unit)
        if clock is not None:
            shown[name.value] = clock_answer(clock, now)
    return shown


def clock_answer(clock: Clock, now: datetime) -> dict[str, Any]:
    answer = {
        "start": city_time(clock.start),
        "due": city_time(clock.due),
        "state": clock.state(now),
        "stopped_at": city_time(clock.stopped_at),
    }
    if clock.outcome is not None and clock.outcome.value == "unreached":
        answer["outcome"] = "unreached"
    return answer


def contacts_answer(ticket: Ticket, texts: Texts) -> list[dict[str, Any]]:
    effective = effective_contact(ticket.contacts)
    return [_contact(one, texts, is_effective=one == effective) for one in ticket.contacts]


def _contact(contact: Contact, texts: Texts, *, is_effective: bool) -> dict[str, Any]:
    return {
        "id": contact.id,
        "at": city_time(contact.at),
        "by": contact.by,
        "unit": contact.unit,
        "mode": contact.mode,
        "result": contact.result,
        "reason_code": contact.reason_code,
        "content": texts.get((contact.seq, "note")),
        "call_id": contact.call_id,
        "effective": is_effective,
    }


def works_answer(ticket: Ticket, texts: Texts) -> list[dict[str, Any]]:
    return [
        {
            "at": city_time(one.at),
            "unit": one.unit,
            "text": texts.get((one.seq, "work")),
            "site_check": one.site_check,
            "attachments": [attachment_answer(file) for file in one.attachments],
        }
        for one in ticket.works
    ]


def visits_answer(ticket: Ticket, texts: Texts) -> list[dict[str, Any]]:
    return [
        {
            "at": city_time(one.at),
            "by": one.by,
            "unit": one.unit,
            "findings": texts.get((one.seq, "findings")),
            "participants": (texts.get((one.seq, "participants")) or "").split("、"),
            "location": None if one.lng is None else {"lng": one.lng, "lat": one.lat},
            "commitments": [
                {
                    "id": one.promise(i),
                    "text": texts.get((one.seq, f"commitment:{i}")),
                    "owner": texts.get((one.seq, f"owner:{i}")),
                    "due_on": promise.due_on,
                }
                for i, promise in enumerate(one.commitments)
            ],
            "attachments": [attachment_answer(file) for file in one.attachments],
        }
        for one in ticket.site_visits
    ]


def feedback_answer(ticket: Ticket, texts: Texts) -> dict[str, Any] | None:
    one = ticket.feedback
    if one is None:
        return None
    return {
        "at": city_time(one.at),
        "unit": one.unit,
        "by": one.by,
        "summary": texts.get((one.seq, "summary")),
        "fact_finding": one.fact_finding,
        "fact_note": texts.get((one.seq, "fact_note")),
        "appeal_finding": one.appeal_finding,
        "appeal_note": texts.get((one.seq, "appeal_note")),
        "case_valuation": one.case_valuation,
        "contact_id": one.contact_id,
        "attachments": [attachment_answer(file) for file in one.attachments],
    }


def reply_answer(ticket: Ticket, texts: Texts) -> dict[str, Any] | None:
    one = ticket.reply
    if one is None:
        return None
    return {
        "at": city_time(one.at),
        "by": one.by,
        "unit": one.unit,
        "mode": one.mode,
        "reply_points": texts.get((one.seq, "reply_points")),
        "citizen_feedback": texts.get((one.seq, "citizen_feedback")),
        "reply_satisfaction": one.reply_satisfaction,
    }


def _follow_up(one: Any) -> dict[str, Any]:
    return {
        "round": one.round,
        "at": city_time(one.at),
        "level": one.level,
        "reached": one.reached,
        "first_contact": one.first_contact,
        "overall": one.overall,
        "attitude": one.attitude,
        "solved": one.solved,
        "redo": one.redo,
    }


def _upstream(one: Upstream, texts: Texts, reader: Actor) -> dict[str, Any]:
    shown: dict[str, Any] = {"source": one.source, "no": one.no}
    told = [texts[seq, "raw"] for seq in (one.seq, *one.later) if (seq, "raw") in texts]
    if reader.role in INSIDERS and told:
        shown["raw"] = orjson.Fragment(_joined(told))
    return shown


def _joined(told: Sequence[str]) -> str:
    """What was said later stands. JSON as it was sent, numbers of any size."""
    if len(told) == 1:
        return told[0]
    whole: dict[str, Any] = {}
    for one in told:
        whole |= json.loads(one)
    return json.dumps(whole, ensure_ascii=False)


def _lead(ticket: Ticket) -> dict[str, Any] | None:
    lead = ticket.lead
    if lead is None:
        return None
    return {"unit": lead.unit, "executor": lead.executor, "section": lead.section}


def _assist(ticket: Ticket, assist: Assist) -> dict[str, Any]:
    clock = ticket.clock(ClockName.UNIT_COMPLETE, unit=assist.unit)
    return {
        "unit": assist.unit,
        "state": assist.state,
        "executor": assist.executor,
        "due": city_time(clock.due) if clock is not None else None,
    }


def caller_answer(
    ticket: Ticket, caller: Mapping[str, str | None], reader: Actor
) -> dict[str, Any] | None:
    """Masked for every role; absent for units where confidential; no name where anonymous."""
    if reader.role is Role.UNIT and ticket.is_confidential:
        return None
    shown = {
        name: value
        for name, value in caller.items()
        if value is not None and not (name == "name" and ticket.is_anonymous)
    }
    return shown or None


def _text(texts: Texts, seq: int | None, name: str) -> str | None:
    return None if seq is None else texts.get((seq, name))
