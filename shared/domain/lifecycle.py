"""Which state may follow which, and which action is open to whom (domain §5, contract §4)."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.actor import Actor
from shared.domain.ticket import Ticket
from shared.domain.words import OPEN_STATES, TERMINAL_STATES, AssistState, Role, TicketState
from shared.errors import ErrorKind, HotlineError

S = TicketState


class IllegalTransition(HotlineError):
    """Refused, and told what this caller may do now."""

    kind = ErrorKind.CONFLICT
    code = "transition-not-allowed"
    title = "当前状态不允许此操作"


TRANSITIONS: Mapping[TicketState, frozenset[TicketState]] = {
    S.RECEIVED: frozenset({S.TRIAGED, S.RETURN_PENDING, S.VOIDED}),  # 收单、向上级退单
    S.TRIAGED: frozenset({S.DISPATCHED, S.RETURN_PENDING, S.MERGED, S.VOIDED}),  # 派单、并单
    S.DISPATCHED: frozenset({S.ACCEPTED, S.TRIAGED, S.MERGED, S.VOIDED}),  # 接单、准予退单
    S.ACCEPTED: frozenset({S.IN_PROGRESS, S.TRIAGED, S.MERGED, S.VOIDED}),  # 处置、准予退单
    S.IN_PROGRESS: frozenset({S.FEEDBACK_SUBMITTED, S.MERGED, S.VOIDED}),  # 反馈
    S.FEEDBACK_SUBMITTED: frozenset(
        {S.IN_PROGRESS, S.REPLIED, S.COMPLETED, S.FOLLOWED_UP, S.VOIDED}
    ),
    S.REPLIED: frozenset({S.COMPLETED, S.FOLLOWED_UP, S.VOIDED}),  # 办结；上级已先回访的随即到后者
    S.COMPLETED: frozenset({S.FOLLOWED_UP, S.REWORK, S.ARCHIVED, S.VOIDED}),  # 回访、重办、归档
    S.FOLLOWED_UP: frozenset({S.REWORK, S.ARCHIVED, S.VOIDED}),
    S.ARCHIVED: frozenset({S.REWORK, S.VOIDED}),  # 归档后上级仍可复核
    S.REWORK: frozenset({S.TRIAGED, S.VOIDED}),
    S.RETURN_PENDING: frozenset({S.RETURNED_UPSTREAM, S.TRIAGED, S.VOIDED}),  # 上级准予、不准
    S.RETURNED_UPSTREAM: frozenset({S.VOIDED}),
    S.MERGED: frozenset({S.VOIDED}),
    S.VOIDED: frozenset(),
}


def check_transition(current: TicketState, target: TicketState) -> None:
    """An entry that would leave the table never reaches the log, whoever wrote it."""
    if target is not current and target not in TRANSITIONS[current]:
        raise IllegalTransition(extra={"state": current.value, "allowed": []})


LEAD = "lead"
ASSIST = "assist"
LED = "led"  # was the last lead of one of the rounds, whoever has the ticket now


@dataclass(frozen=True, slots=True)
class Permission:
    """Who may do an action, and in which states of the ticket.

    `parts`: for a unit, the part it must have in the ticket.
    """

    roles: frozenset[Role]
    states: frozenset[TicketState]
    parts: frozenset[str] = frozenset()


DESK = frozenset({Role.DESK})
UNIT = frozenset({Role.UNIT})
LEADER = frozenset({Role.LEADER})
LEADERS = DESK | LEADER
BOTH_PARTS = frozenset({LEAD, ASSIST})
COUNTED = frozenset(S) - {S.VOIDED, S.MERGED, S.RETURNED_UPSTREAM}  # in some figure

ACTIONS: Mapping[str, Permission] = {
    "triage": Permission(DESK, frozenset({S.RECEIVED, S.TRIAGED, S.REWORK})),
    "dispatch": Permission(DESK, frozenset({S.TRIAGED})),
    "accept": Permission(UNIT, frozenset({S.DISPATCHED}), BOTH_PARTS),
    "contact": Permission(DESK | UNIT, OPEN_STATES, BOTH_PARTS),
    "dispose": Permission(UNIT, frozenset({S.ACCEPTED, S.IN_PROGRESS}), BOTH_PARTS),
    "site-visit": Permission(LEADERS | UNIT, OPEN_STATES, BOTH_PARTS),
    "feedback": Permission(UNIT, frozenset({S.IN_PROGRESS}), frozenset({LEAD})),
    "reject-feedback": Permission(DESK, frozenset({S.FEEDBACK_SUBMITTED})),
    "reply": Permission(DESK | UNIT, frozenset({S.FEEDBACK_SUBMITTED}), frozenset({LEAD})),
    "complete": Permission(DESK, frozenset({S.REPLIED})),
    "follow-up": Permission(DESK, frozenset({S.COMPLETED})),
    "return": Permission(UNIT, frozenset({S.DISPATCHED, S.ACCEPTED}), frozenset({LEAD})),
    "decide-return": Permission(DESK, frozenset({S.DISPATCHED, S.ACCEPTED})),
    "request-upstream-return": Permission(DESK, frozenset({S.RECEIVED, S.TRIAGED})),
    "request-extension": Permission(DESK | UNIT, OPEN_STATES, frozenset({LEAD})),
    "decide-extension": Permission(LEADER, OPEN_STATES),
    "merge": Permission(DESK, frozenset({S.TRIAGED, S.DISPATCHED, S.ACCEPTED, S.IN_PROGRESS})),
    "void": Permission(DESK, frozenset(S) - {S.VOIDED}),
    "confirm-void": Permission(LEADER, frozenset(S) - {S.VOIDED}),
    "appeal": Permission(UNIT, COUNTED, frozenset({LED})),
    "decide-appeal": Permission(LEADER, COUNTED),
    "exclude": Permission(DESK, COUNTED),
    "decide-exclusion": Permission(LEADER, COUNTED),
    "urge": Permission(LEADERS, OPEN_STATES),
    "supervise": Permission(LEADERS, OPEN_STATES),
    "reveal": Permission(DESK | UNIT, OPEN_STATES, BOTH_PARTS),
}
# Words with the caller that a unit may not have on a confidential ticket (ruling 18).
CALLER_FACING = frozenset({"contact", "reply", "reveal"})


def part_of(ticket: Ticket, unit: str | None) -> str | None:
    """The part a unit has in the ticket now: lead, assist, or none."""
    if unit is None:
        return None
    if ticket.lead is not None and ticket.lead.unit == unit:
        return LEAD
    return ASSIST if ticket.assist(unit) is not None else None


def has_part(ticket: Ticket, unit: str | None, parts: frozenset[str]) -> bool:
    if part_of(ticket, unit) in parts:
        return True
    rounds = range(1, ticket.round + 1)
    return LED in parts and any(ticket.led_by(one) == unit for one in rounds)


def may_ever(action: str, ticket: Ticket, actor: Actor, *, is_contractor: bool) -> bool:
    """Is this action the caller's at all, whatever the state? (403 when not.)"""
    permission = ACTIONS[action]
    if actor.role not in permission.roles:
        return False
    if actor.role is not Role.UNIT:
        return True
    if not has_part(ticket, actor.unit, permission.parts):
        return False
    if ticket.is_confidential and action in CALLER_FACING:
        return False
    return not (action == "reply" and is_contractor)


def may_now(action: str, ticket: Ticket, actor: Actor) -> bool:
    """Does the state allow it? An assist's accept and dispose go by its own state (ruling 16)."""
    assist = ticket.assist(actor.unit)
    if assist is not None and actor.role is Role.UNIT and action in ("accept", "dispose"):
        if ticket.state in TERMINAL_STATES:
            return False
        wanted = AssistState.ASSIGNED if action == "accept" else AssistState.ACCEPTED
        return assist.state is wanted
    if waits(action, ticket, actor):
        return False
    if action == "complete" and ticket.reply_exempt and ticket.state is S.FEEDBACK_SUBMITTED:
        return True
    return ticket.state in ACTIONS[action].states


def waits(action: str, ticket: Ticket, actor: Actor) -> bool:
    """What was asked for must be decided first, and only that can be decided.

    A lead that has asked to give the ticket back may only `contact` meanwhile (ruling 15).
    """
    wanted, extension = ticket.pending_return, ticket.pending_extension
    is_open = {
        "decide-return": wanted is not None,
        "request-upstream-return": not any(one.upstream for one in ticket.returns),
        "request-extension": extension is None,
        "decide-extension": extension is not None and not extension.passed_on,
        "void": ticket.pending_void is None,
        "confirm-void": ticket.pending_void is not None,
        "decide-appeal": bool(ticket.pending_appeals),
        "exclude": ticket.exclusion is None or ticket.exclusion.asked.is_refused,
        "decide-exclusion": ticket.pending_exclusion is not None,
    }
    if not is_open.get(action, True):
        return True
    is_lead = part_of(ticket, actor.unit) == LEAD
    return wanted is not None and is_lead and action != "contact"


def is_own_request(action: str, ticket: Ticket, actor: Actor) -> bool:
    """Nobody decides on what they asked for (ruling 20).

    Of appeals several may wait; which one is meant is told from the body.
    """
    extension, exclusion = ticket.pending_extension, ticket.pending_exclusion
    request = {
        "decide-extension": None if extension is None else extension.asked,
        "confirm-void": ticket.pending_void,
        "decide-exclusion": None if exclusion is None else exclusion.asked,
    }.get(action)
    return request is not None and request.is_by(actor)


def allowed_actions(ticket: Ticket, actor: Actor, *, is_contractor: bool) -> list[str]:
    """What this caller may do in this state, sorted (ruling 31)."""
    return sorted(
        action
        for action in ACTIONS
        if may_ever(action, ticket, actor, is_contractor=is_contractor)
        and may_now(action, ticket, actor)
    )
