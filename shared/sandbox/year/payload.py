"""What the platforms send: the fields of their messages for one ticket."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.sandbox.year.draft import SOURCES, Draft, upstream_no

PLATFORMS = {"C": "city", "D": "district"}
OTHER = {"C": "D", "D": "C"}
TWIN_SERIAL = 50_000


def stamp(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def created(draft: Draft) -> dict[str, Any]:
    """`data` of the first `ticket.created` of a ticket."""
    data = _core(draft, draft.letter) | {
        "upstream_no": draft.no,
        "task_no": f"{draft.arrival.received_at:%y%m}S{draft.serial:07d}",
        "ticket_kind": draft.kind,
        "is_public": not draft.is_confidential,
        "lng": draft.place.lng,
        "lat": draft.place.lat,
        "crs": "CGCS2000",
        "received_at": stamp(draft.arrival.received_at),
        "dispatched_at": stamp(draft.arrival.dispatched_at),
    }
    if draft.letter == "C":
        data["category_l1"] = draft.scene.trade
        data["category_l2"] = draft.scene.category
    if draft.upstream_due:
        data["upstream_due"] = stamp(draft.upstream_due)
    if draft.complex_approved:
        data["complex_approved"] = True
    return data | _repeat(draft)


def twin(draft: Draft, now: datetime) -> dict[str, Any]:
    """The same matter from the other platform, under its own number and naming the first."""
    letter = OTHER[draft.letter]
    return _core(draft, letter) | {
        "upstream_no": twin_no(draft),
        "other_nos": [draft.no],
        "received_at": stamp(draft.arrival.received_at),
        "dispatched_at": stamp(now),
    }


def twin_no(draft: Draft) -> str:
    return upstream_no(OTHER[draft.letter], TWIN_SERIAL + draft.serial, draft.arrival.received_at)


def twin_source(draft: Draft) -> str:
    return SOURCES[OTHER[draft.letter]]


def _core(draft: Draft, letter: str) -> dict[str, Any]:
    data: dict[str, Any] = {
        "source_platform": PLATFORMS[letter],
        "channel": draft.mood.channel,
        "appeal_type": draft.appeal_type,
        "urgency": draft.urgency,
        "title": draft.title,
        "content": draft.content,
        "address": draft.place.address,
        "street_name": draft.place.street,
        "is_anonymous": draft.is_anonymous,
        "is_confidential": draft.is_confidential,
        "need_reply": draft.need_reply,
    }
    if draft.caller:
        data["caller"] = _caller(draft)
    return data


def _caller(draft: Draft) -> Mapping[str, str]:
    assert draft.caller is not None
    if draft.is_anonymous:
        return {"phone": draft.caller.phone}
    return {
        "name": draft.caller.name,
        "gender": draft.caller.gender,
        "phone": draft.caller.phone,
    }


def _repeat(draft: Draft) -> dict[str, Any]:
    if draft.story is None or draft.story.root_no is None:
        return {}
    return {
        "is_repeat": True,
        "repeat_of": draft.story.root_no,
        "repeat_count": draft.story.count,
    }
