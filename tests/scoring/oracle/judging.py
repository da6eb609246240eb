"""What one round adds to each metric: domain §8 as rulings 36–40 and 60 read it.

An answer is (metric, when, what): `when` puts it into a period, `what` is a number of tenths, or
the reason why the round stays out of both sides.
"""

from datetime import datetime

from tests.scoring.oracle.retelling import Round, Ticket

Found = tuple[str, datetime, int | str]
TENTHS = {"satisfied": 10, "mostly_satisfied": 8, "neutral": 6, "dissatisfied": 0}
LEVELS = ("bureau", "district", "city")
PENDING = ("pending_appeal_count", "pending_exclusion_count")
# Plain counts of tickets, beside the rates.
COUNTS = (
    "intake",
    "overdue_count",
    "dissatisfied_count",
    "repeat_count",
    "rework_count",
    "praise_count",
    "wrong_return_count",
    *PENDING,
)


def judge(ticket: Ticket, one: Round, known_at: datetime, *, adjusted: bool) -> list[Found]:
    """All that the round counts in, whatever the period."""
    if ticket.is_gone:
        return []
    appeals = one.appeals if adjusted else set()
    found = of_receipt(ticket, one, appeals)
    found += of_dispatch(one, known_at)
    found += of_contact(one, known_at, appeals)
    found += of_completion_due(one, known_at, appeals)
    found += of_reply(ticket, one, known_at, appeals)
    if one.completed_at is not None:
        found += of_completed(one, one.completed_at, appeals)
        found += of_follow_up(ticket, one, one.completed_at, appeals)
    if not adjusted or ticket.excluded_for is None:
        return found
    left: list[Found] = []
    for metric, when, what in found:
        if metric == "intake" or metric in PENDING:
            left.append((metric, when, what))
        elif metric not in COUNTS:
            left.append((metric, when, ticket.excluded_for))
    return left


def of_receipt(ticket: Ticket, one: Round, appeals: set[str]) -> list[Found]:
    """What counts in the month in which the ticket, or the rework, came in."""
    found: list[Found] = []
    if one.pending:
        found.append(("pending_appeal_count", one.opened_at, 10))
    if one.number > 1:
        return [*found, ("rework_count", one.opened_at, 10)]
    at = ticket.received_at
    found.append(("intake", at, 10))
    is_repeat = ticket.repeat_of is not None and "repeat" not in appeals
    found.append(("repeat_rate", at, 10 if is_repeat else 0))
    if is_repeat:
        found.append(("repeat_count", at, 10))
    if ticket.appeal_type == "praise":
        found.append(("praise_count", at, 10))
    if ticket.is_exclusion_pending:
        found.append(("pending_exclusion_count", at, 10))
    return found


def is_waited_for(one: Round, due: datetime, known_at: datetime) -> bool:
    """Ruling 37: a round still open enters only once its due has come."""
    return one.completed_at is None and due > known_at


def of_dispatch(one: Round, known_at: datetime) -> list[Found]:
    """By the last dispatch of the round. A unit allowed to give it back had none to accept."""
    at = one.dispatched_at
    if at is None:
        return []
    found: list[Found] = [("return_rate", at, 10 if one.returns else 0)]
    if one.wrong_returns:
        found.append(("wrong_return_count", at, 10))
    clock, due = one.clock("unit_accept", one.unit), one.due("unit_accept", one.unit)
    if clock is None or clock["outcome"] == "cancelled":
        return found
    if due is not None and not is_waited_for(one, due, known_at):
        in_time = one.accepted_at is not None and one.accepted_at <= due
        found.append(("timely_accept_rate", at, 10 if in_time else 0))
    return found


def of_contact(one: Round, known_at: datetime, appeals: set[str]) -> list[Found]:
    clock = one.clock("first_contact")
    if clock is None:
        return []
    if clock["outcome"] == "exempt":
        return [("first_contact_rate_ops", one.opened_at, "exempt")]
    due = one.due("first_contact")
    if due is None or is_waited_for(one, due, known_at):
        return []
    in_time = clock["outcome"] in ("met", "unreached") or "clock:first_contact" in appeals
    return [("first_contact_rate_ops", due, 10 if in_time else 0)]


def is_in_time(one: Round, appeals: set[str]) -> bool:
    if "clock:complete" in appeals:
        return True
    due = one.due("complete")
    return one.completed_at is not None and due is not None and one.completed_at <= due


def of_completion_due(one: Round, known_at: datetime, appeals: set[str]) -> list[Found]:
    due = one.due("complete")
    if due is None or is_waited_for(one, due, known_at):
        return []
    if is_in_time(one, appeals):
        return [("on_time_completion_rate", due, 10)]
    return [("on_time_completion_rate", due, 0), ("overdue_count", due, 10)]


def of_reply(ticket: Ticket, one: Round, known_at: datetime, appeals: set[str]) -> list[Found]:
    """Where no reply is owed there is no due of its own: it is told when the round was due."""
    due = one.due("reply")
    when = due or one.due("complete")
    if when is None or is_waited_for(one, when, known_at):
        return []
    if not ticket.need_reply:
        return [("timely_reply_rate", when, "no_reply_needed")]
    if ticket.has_nobody or due is None:
        return [("timely_reply_rate", when, "exempt")]
    in_time = one.replied_at is not None and one.replied_at <= due
    return [("timely_reply_rate", when, 10 if in_time or "clock:reply" in appeals else 0)]


def of_completed(one: Round, done: datetime, appeals: set[str]) -> list[Found]:
    found: list[Found] = [
        ("on_time_completion_rate_closed", done, 10 if is_in_time(one, appeals) else 0)
    ]
    found.append(("rework_rate", done, 10 if one.is_followed else 0))
    found.append(("extension_rate", done, 10 if one.extended else 0))
    feedback = one.feedback or {}
    valuation = feedback.get("case_valuation")
    strict: int | str = "unvalued"
    either: int | str = "unvalued"
    if valuation == "resolved":
        strict, either = 10, 10
    if valuation == "explained":
        strict, either = 0, 10
    found.append(("actual_resolution_rate", done, strict))
    found.append(("actual_resolution_rate_explained_counts", done, either))
    holds = feedback.get("fact_finding") in ("true", "partly_true")
    if holds and feedback.get("appeal_finding") == "reasonable":
        found.append(("actual_resolution_rate_reasonable_only", done, strict))
    return found


def of_follow_up(ticket: Ticket, one: Round, done: datetime, appeals: set[str]) -> list[Found]:
    answer = official(one)
    contact: int | str
    overall: int | str
    if "follow_up" in appeals:
        contact = overall = "appeal"
    elif answer is None:
        contact = overall = "exempt" if ticket.has_nobody else "not_followed_up"
    elif answer["reached"] != "yes":
        contact = overall = str(answer["reached"])
    else:
        contact = {"yes": 10, "no": 0}.get(answer.get("first_contact", "unrated"), "unrated")
        overall = TENTHS.get(answer.get("overall", "unrated"), "unrated")
    found = [("first_contact_rate", done, contact), ("satisfaction_score", done, overall)]
    if overall == 0:
        found.append(("dissatisfied_count", done, 10))
    return found


def official(one: Round) -> dict[str, str] | None:
    """Ruling 38: reached by the highest level, its latest; where nobody was, the latest try."""
    chosen = None
    for level in LEVELS:
        of_level = [
            (at, seq, said)
            for at, seq, said in one.follow_ups
            if said["level"] == level and said["reached"] == "yes"
        ]
        if of_level:
            chosen = max(of_level, key=lambda told: told[:2])[2]
    if chosen is None and one.follow_ups:
        chosen = max(one.follow_ups, key=lambda told: told[:2])[2]
    return chosen
