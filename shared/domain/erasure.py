"""How long what is kept: periods of retention, and what stands in the way of erasing a ticket.

The periods are data of the register (`retention.*`). No register may ask for a record of who saw
what to be thrown away before half a year has passed (网络安全法: 日志留存不少于六个月).
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType

from shared.domain.calendar import in_city
from shared.domain.limits import BadLimit, Limits, parse_hour
from shared.domain.official import load_default_limits
from shared.domain.ticket import Ticket
from shared.domain.words import TERMINAL_STATES, ErasurePart

PREFIX = "retention."
LOG, AT = PREFIX + "log", PREFIX + "at"
LEAST_LOG_DAYS = 183
PERIOD_TEXT = re.compile(r"([1-9][0-9]{0,3})(d|y)")
MOST_YEARS = 100
# The entry that ended a ticket: from its recording on, the periods run.
ENDINGS = ("ticket.archived", "ticket.merged", "ticket.returned_upstream", "ticket.voided")


class Obstacle(StrEnum):
    """Why a ticket is not erased now."""

    OPEN = "open"
    UNDECIDED = "undecided"  # an appeal, an exclusion or a void waits for its answer
    MASTER_OPEN = "master_open"  # what it was merged into is still being handled
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Period:
    """Days, or years of the calendar."""

    amount: int
    is_years: bool

    def __str__(self) -> str:
        return f"{self.amount}{'y' if self.is_years else 'd'}"

    def before(self, now: datetime) -> datetime:
        """What ended up to then has been kept for as long as this."""
        local = in_city(now)
        if not self.is_years:
            return local - timedelta(days=self.amount)
        year = local.year - self.amount
        if (local.month, local.day) == (2, 29) and not is_leap(year):
            return local.replace(year=year, day=28)
        return local.replace(year=year)


def is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


@dataclass(frozen=True, slots=True)
class Retention:
    """`log`: how long the record of who saw what is kept; `at`: when a day's work begins."""

    periods: Mapping[ErasurePart, Period]
    log: Period
    at: time

    def bounds(self, now: datetime) -> dict[ErasurePart, datetime]:
        """By part, up to when a ticket must have ended for its retention to be over."""
        return {part: period.before(now) for part, period in self.periods.items()}


def retention_of(limits: Limits) -> Retention:
    """What the register says; a register from before retention was in it, what we ship."""
    known = {**load_default_limits().values, **limits.values}
    periods = {part: parse_period(PREFIX + part, known[PREFIX + part]) for part in ErasurePart}
    return Retention(
        MappingProxyType(periods), parse_period(LOG, known[LOG]), parse_hour(known[AT])
    )


def parse_period(key: str, text: str) -> Period:
    match = PERIOD_TEXT.fullmatch(text)
    if match is None:
        raise BadLimit(f"无法识别的留存期限：{text}（应如 3y、183d）")
    period = Period(int(match[1]), match[2] == "y")
    if period.is_years and period.amount > MOST_YEARS:
        raise BadLimit(f"留存期限过长：{text}（至多 {MOST_YEARS}y）")
    if key == LOG and not period.is_years and period.amount < LEAST_LOG_DAYS:
        raise BadLimit(f"查阅记录至少留存 {LEAST_LOG_DAYS} 日，不能改为 {text}")
    return period


def obstacles(
    ticket: Ticket, masters: Mapping[str, Ticket], held: Collection[int]
) -> tuple[Obstacle, ...]:
    """None where the ticket may be erased. `masters`: what merged tickets are handled as."""
    found: list[tuple[bool, Obstacle]] = [
        (ticket.state not in TERMINAL_STATES, Obstacle.OPEN),
        (is_undecided(ticket), Obstacle.UNDECIDED),
        (any(one.state not in TERMINAL_STATES for one in above(ticket, masters)), MASTER_OPEN),
        (ticket.ticket_id in held, Obstacle.HELD),
    ]
    return tuple(obstacle for is_there, obstacle in found if is_there)


MASTER_OPEN = Obstacle.MASTER_OPEN


def is_undecided(ticket: Ticket) -> bool:
    """Somebody has yet to read the reasons that were given."""
    waiting = (ticket.pending_void, ticket.pending_exclusion, *ticket.pending_appeals)
    return any(one is not None for one in waiting)


def above(ticket: Ticket, masters: Mapping[str, Ticket]) -> Iterable[Ticket]:
    """What it was merged into, and what that was merged into in turn."""
    while ticket.merged_into is not None:
        ticket = masters[ticket.merged_into]
        yield ticket
