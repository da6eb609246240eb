"""Random cases from a seed: one limit alone, or a ticket's whole course. Plain data."""

from random import Random
from typing import Any

from tests.clocks.counter import DAY, HOUR, MINUTE, SECOND, WINDOWS, at_local
from tests.clocks.oracle import Step

FIRST, LAST = at_local("2022-01-01"), at_local("2028-01-01")
AMOUNTS = {"wd": (1, 30), "wh": (1, 60), "min": (1, 300), "h": (1, 72), "d": (1, 40)}
GAPS = (MINUTE * 5, HOUR, HOUR * 5, DAY, DAY * 4)
TYPES = ("consult", "help", "complaint", "report", "suggestion", "praise", "other")
KINDS = ("transfer", "transfer", "supervised", "rework", "state_council")
URGENCIES = ("normal", "sub_urgent", "urgent")
# The main path; what may come in between is drawn between its steps.
PATH = ("triage", "dispatch", "accept", "dispose", "feedback", "reply", "complete", "follow_up")


def any_second(random: Random) -> int:
    """Any second of six years; two in five at an edge of the day."""
    at = random.randrange(FIRST // SECOND, LAST // SECOND) * SECOND
    if random.random() < 0.4:
        edge = random.choice((0, 360, 510, 540, 720, 780, 1050, 1440))
        at = at // DAY * DAY + edge * MINUTE + random.choice((-1, 0, 1)) * SECOND
    return at


def limit_case(random: Random) -> dict[str, Any]:
    unit = random.choice(tuple(AMOUNTS))
    start = any_second(random)
    pauses: list[tuple[int, int]] = []
    at = start
    for _ in range(random.choice((0, 0, 1, 2, 3))):
        begins = at + random.randrange(-HOUR, 3 * DAY, SECOND)
        at = begins + random.randrange(SECOND, 4 * DAY, SECOND)
        pauses.append((begins, at))
    return {
        "start": start,
        "unit": unit,
        "amount": random.randint(*AMOUNTS[unit]),
        "window": random.choice(tuple(WINDOWS)),
        "pauses": pauses,
        "feedback": start + random.randrange(0, 9 * DAY, SECOND),
    }


def course(random: Random) -> tuple[int, dict[str, Any], list[Step]]:
    """When its clocks start, what was received, and what happened next."""
    start = any_second(random)
    received = {
        "appeal_type": random.choice(TYPES),
        "urgency": random.choice(URGENCIES),
        "ticket_kind": random.choice(KINDS),
        "complex_approved": random.random() < 0.15,
        "is_anonymous": random.random() < 0.2,
        "has_phone": random.random() < 0.7,
        "need_reply": random.random() < 0.9,
        "upstream_due": some_due(random, start) if random.random() < 0.2 else None,
    }
    return start, received, list(steps(random, start, can_reply=can_reply(received)))


def can_reply(received: dict[str, Any]) -> bool:
    no_caller = received["is_anonymous"] and not received["has_phone"]
    return received["need_reply"] and not no_caller


def some_due(random: Random, at: int) -> int:
    return at + random.randrange(-DAY, 15 * DAY, SECOND)


def steps(random: Random, start: int, *, can_reply: bool) -> list[Step]:
    found: list[Step] = []
    at = start
    is_paused = False
    rounds = random.choice((1, 1, 1, 2, 3))
    until = random.randrange(1, len(PATH) + 1)
    for number in range(rounds):
        is_last = number == rounds - 1
        path = PATH[:until] if is_last else PATH
        for name in path:
            while random.random() < 0.35:
                at += random.randrange(0, random.choice(GAPS), SECOND)
                step = between(random, at, name, is_paused=is_paused)
                is_paused = {"pause": True, "resume": False}.get(step[0], is_paused)
                found.append(step)
            if name == "reply" and not can_reply:
                continue
            at += random.randrange(0, random.choice(GAPS), SECOND)
            found.append((name, at, _values(random, name)))
            if name in ("feedback", "reply", "complete"):
                is_paused = False
            if name == "feedback" and random.random() < 0.2:
                at += random.randrange(0, DAY, SECOND)
                found += [("reject", at, {}), ("feedback", at + HOUR, {})]
                at += HOUR
        if not is_last:
            at += random.randrange(0, DAY, SECOND)
            found.append(("rework", at, {}))
    return found


def _values(random: Random, name: str) -> dict[str, Any]:
    return {"urgency": random.choice((None, *URGENCIES))} if name == "triage" else {}


def between(random: Random, at: int, following: str, *, is_paused: bool) -> Step:
    """What may happen at any time while the ticket is open; a call once it is completed."""
    if following == "follow_up":
        return "contact", at, {"reached": random.random() < 0.4}
    match random.choice(("contact", "contact", "update", "update", "supervise", "pause")):
        case "pause":
            return ("resume" if is_paused else "pause"), at, {}
        case "supervise":
            return "supervise", at, {"due": some_due(random, at) if random.random() < 0.5 else None}
        case "update":
            return "update", at, _changes(random, at)
        case _:
            return "contact", at, {"reached": random.random() < 0.4}


def _changes(random: Random, at: int) -> dict[str, Any]:
    return random.choice(
        (
            {"urgency": random.choice(URGENCIES)},
            {"appeal_type": random.choice(TYPES)},
            {"upstream_due": some_due(random, at)},
            {"complex_approved": True},
            {"urgency": random.choice(URGENCIES), "ticket_kind": random.choice(KINDS)},
        )
    )
