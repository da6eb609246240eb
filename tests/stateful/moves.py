"""What can be asked for: bodies for every action, messages of every kind, the likely next step."""

from collections.abc import Mapping
from typing import Any

from shared.domain.ticket import Ticket
from tests.factories import BODIES

UNITS = ("sanitation-section", "sanitation-centre", "chengfa-sanitation")
ASSISTS = ((), ("landscape-section",), ("chengfa-sanitation", "greening-centre"))
KEYS = ("desk", "leader", "admin", "bi", *UNITS, "landscape-section", "greening-centre")
FACTS = {"complaint": "true", "help": "partly_true", "consult": "policy_found"}
FEELINGS: tuple[Mapping[str, Any], ...] = (
    BODIES["follow-up"],
    {"reached": "unreachable"},
    {"reached": "refused"},
    {**BODIES["follow-up"], "overall": "dissatisfied", "solved": "no"},
    {**BODIES["follow-up"], "redo": True},
)
CONTACTS: tuple[Mapping[str, Any], ...] = (
    BODIES["contact"],
    {"result": "unreached", "mode": "phone", "content": "无人接听", "reason_code": "other"},
)
# Whose step is likely next in each state; the ticket itself says who lead and assist are.
NEXT: Mapping[str, tuple[tuple[str, str], ...]] = {
    "received": (
        ("desk", "triage"),
        ("desk", "triage"),
        ("desk", "contact"),
        ("desk", "request-upstream-return"),
    ),
    "triaged": (
        ("desk", "dispatch"),
        ("desk", "dispatch"),
        ("desk", "dispatch"),
        ("desk", "merge"),
    ),
    "dispatched": (
        ("lead", "accept"),
        ("lead", "accept"),
        ("assist", "accept"),
        ("lead", "return"),
    ),
    "accepted": (
        ("lead", "dispose"),
        ("lead", "contact"),
        ("leader", "site-visit"),
        ("lead", "return"),
    ),
    "in_progress": (
        ("lead", "feedback"),
        ("lead", "feedback"),
        ("desk", "contact"),
        ("assist", "dispose"),
        ("lead", "request-extension"),
    ),
    "feedback_submitted": (("desk", "reply"), ("lead", "reply"), ("desk", "reject-feedback")),
    "replied": (
        ("desk", "complete"),
        ("desk", "complete"),
        ("desk", "complete"),
        ("leader", "urge"),
        ("desk", "exclude"),
    ),
    "completed": (
        ("desk", "follow-up"),
        ("desk", "follow-up"),
        ("assist", "dispose"),
        ("desk", "exclude"),
    ),
    "followed_up": (
        ("assist", "accept"),
        ("assist", "dispose"),
        ("desk", "void"),
        ("desk", "exclude"),
    ),
    "rework": (("desk", "triage"), ("leader", "supervise")),
}
ORDER = (*NEXT, "return_pending", "archived", "returned_upstream", "merged", "voided")
DECISIONS = (
    ("pending_return", "desk", "decide-return"),
    ("pending_extension", "leader", "decide-extension"),
    ("pending_void", "leader", "confirm-void"),
    ("pending_appeals", "leader", "decide-appeal"),
    ("pending_exclusion", "leader", "decide-exclusion"),
)
VERDICTS = ["clock:first_contact", "clock:complete", "clock:reply", "follow_up", "repeat"]
EXCLUDED = ("malicious", "outside_remit", "untrue")
FIGURES = ("appeal", "decide-appeal", "exclude", "decide-exclusion")
ACTIONS = (
    *FIGURES,
    *("triage", "dispatch", "accept", "contact", "dispose", "site-visit", "feedback"),
    *("reject-feedback", "reply", "complete", "follow-up", "urge", "supervise"),
    *("return", "decide-return", "request-upstream-return", "request-extension"),
    *("decide-extension", "merge", "void", "confirm-void"),
)
NOTICES = (
    *("ticket.updated", "ticket.urged", "ticket.supervised", "ticket.followed_up"),
    *("ticket.rework", "ticket.return_decided", "ticket.extension_decided", "ticket.voided"),
)


def likely(ticket: Ticket, chance: int) -> tuple[str, str]:
    """Key and action of a step that may well succeed."""
    steps = list(NEXT.get(ticket.state.value, (("desk", "urge"),)))
    for waiting, who, action in DECISIONS:
        if getattr(ticket, waiting):
            steps += [(who, action)] * 2
    steps += [("led", "appeal")] * bool(against(ticket))
    if ticket.reply_exempt and ticket.state.value == "feedback_submitted":
        steps.append(("desk", "complete"))
    who, action = steps[chance % len(steps)]
    if action == "feedback" and not ticket.contacts and not ticket.has_no_caller:
        who, action = "desk", "contact"  # which a feedback must name
    return key_of(who, ticket, chance), action


def by_other_hands(ticket: Ticket, chance: int) -> tuple[str, str]:
    """The likely step, but by somebody else who has a part in the ticket."""
    _, action = likely(ticket, chance)
    who = ("assist", "assist", "lead", "desk", "leader")[chance // 8 % 5]
    return key_of(who, ticket, chance), action


def too_early(ticket: Ticket, chance: int) -> tuple[str, str]:
    """A step of the state that comes next, by whose it will be."""
    place = ORDER.index(ticket.state.value) + 1
    coming = ORDER[place % len(NEXT)]
    who, action = NEXT[coming][chance % len(NEXT[coming])]
    return key_of(who, ticket, chance), action


def key_of(who: str, ticket: Ticket, chance: int) -> str:
    if who == "lead" and ticket.lead is not None:
        return ticket.lead.unit
    if who == "led":
        return next((one.unit for one in reversed(ticket.leads)), "desk")
    if who in ("lead", "assist"):
        units = [one.unit for one in ticket.assists] or ["desk"]
        return units[chance % len(units)]
    return who


def body_of(action: str, ticket: Ticket, *, into: str, chance: int) -> dict[str, Any]:
    """A sound body, varied by `chance`."""
    yes = {"granted": chance % 3 != 0, "comment": "按规定"}
    asked = {"reason_code": "other", "reason": "情况说明"}
    bodies: Mapping[str, Mapping[str, Any]] = {
        **BODIES,
        "triage": {**BODIES["triage"], "urgency": ("normal", "urgent")[chance % 5 == 0]},
        "dispatch": {
            "lead": UNITS[chance % 3],
            "assists": assists_beside(UNITS[chance % 3], chance),
        },
        "contact": CONTACTS[chance % 2],
        "dispose": {**BODIES["dispose"], "done": chance % 2 == 0},
        "site-visit": {"findings": "现场有满溢", "participants": ["李工"]},
        "feedback": feedback_of(ticket),
        "reject-feedback": {"comment": "请补照片"},
        "follow-up": FEELINGS[chance % len(FEELINGS)],
        "urge": {"text": "请尽快"},
        "supervise": {"text": "限期办结"},
        "return": {**asked, "suggested_unit": UNITS[chance % 3]},
        "decide-return": yes,
        "request-upstream-return": {**asked, "suggested_owner": "区房管局"},
        "request-extension": {**asked, "days": 1 + chance % 10},
        "decide-extension": yes,
        "merge": {"into": into},
        "void": {"reason": "重复录入"},
        "confirm-void": yes,
        "appeal": {"verdict": verdict_of(ticket, chance), "reason": "情况说明"},
        "decide-appeal": yes,
        "exclude": {"reason_code": EXCLUDED[chance % len(EXCLUDED)], "reason": "情况说明"},
        "decide-exclusion": yes,
    }
    return dict(bodies[action])


def verdict_of(ticket: Ticket, chance: int) -> str:
    """Any at times; mostly one that may well be appealed against."""
    choice = VERDICTS if chance % 5 == 0 else against(ticket) or VERDICTS
    return choice[chance // 5 % len(choice)]


def against(ticket: Ticket) -> list[str]:
    """What counts against a unit and was not appealed against yet, as far as a row tells."""
    late = {f"clock:{one.name}" for one in ticket.clocks if one.missed or one.outcome == "late"}
    late |= {"follow_up"} if ticket.follow_ups else set()
    late |= {"repeat"} if ticket.repeat_of else set()
    said = {one.verdict.value for one in ticket.appeals}
    return [one for one in VERDICTS if one in late - said and ticket.leads]


def assists_beside(lead: str, chance: int) -> list[str]:
    return [unit for unit in ASSISTS[chance // 3 % 3] if unit != lead]


def feedback_of(ticket: Ticket) -> dict[str, Any]:
    recording = {"kind": "recording", "url": "https://files.example/1.mp3"}
    contact = {"contact_id": ticket.contacts[-1].id} if ticket.contacts else {}
    fact = FACTS[ticket.appeal_type.value]
    note = {} if fact != "partly_true" else {"fact_note": "仅部分时段如此"}
    return {
        **BODIES["feedback"],
        **contact,
        **note,
        "fact_finding": fact,
        "attachments": [recording],
    }


def notice_of(kind: str, chance: int, *, due: str) -> dict[str, Any]:
    """What a platform says beside the number."""
    changes: tuple[Mapping[str, Any], ...] = (
        {"urgency": "urgent"},
        {"urgency": "normal", "content": f"补充：第{chance}次来电"},
        {"appeal_type": "consult"},
        {"appeal_type": "help", "need_reply": False},
        {"upstream_due": due},
        {"need_reply": True, "is_confidential": chance % 2 == 0},
        {"object_unit": "greening-section"},
    )
    said: Mapping[str, Mapping[str, Any]] = {
        "ticket.updated": {**changes[chance % len(changes)]},
        "ticket.urged": {"text": "市民再次来电"},
        "ticket.supervised": {"level": 1 + chance % 3, "due": due},
        "ticket.followed_up": {
            "level": ("district", "city")[chance % 2],
            "reached": ("yes", "unreachable", "refused")[chance % 3],
            **({"redo": True} if chance % 6 == 0 else {}),
        },
        "ticket.rework": {"reason": "市民不满意", "due": due},
        "ticket.return_decided": {"granted": chance % 4 != 1, "reason": "已审核"},
        "ticket.extension_decided": {"granted": chance % 3 != 0, "due": due},
        "ticket.voided": {"reason": "销单"},
    }
    return dict(said[kind])
