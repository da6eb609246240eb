"""The emergency plan (应急预案): for a time, other hours and limits for tickets in its scope."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from shared.domain.limits import Limit, LimitUnit, Window, parse_limit, parse_window
from shared.domain.ticket import Ticket

WAITING_UNITS = frozenset({LimitUnit.MINUTE, LimitUnit.HOUR})
# Limits a plan may replace: those that set a clock of a ticket.
LIMIT_KEYS = ("accept.", "first_contact.", "limit.", "interim_report.", "follow_up.within")
MARK = "@emergency"
WORDED = ("title", "content", "address")


@dataclass(frozen=True, slots=True)
class Scope:
    """An empty set means all."""

    trades: frozenset[str] = frozenset()
    streets: frozenset[str] = frozenset()
    keywords: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Emergency:
    """One declaration, from `since` until `until` at the latest; `ended_at` where it ended before.

    `members` are the tickets, open when it was declared, whose words held a keyword.
    """

    id: str
    since: datetime
    until: datetime
    scope: Scope = Scope()
    duty: str | None = None
    limits: Mapping[str, str] = field(default_factory=dict, hash=False)
    push: bool = False
    ended_at: datetime | None = None
    members: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "limits", MappingProxyType(dict(self.limits)))

    @property
    def end(self) -> datetime:
        return self.until if self.ended_at is None else min(self.until, self.ended_at)

    def is_active(self, at: datetime) -> bool:
        return self.since <= at < self.end

    def includes(self, ticket: Ticket) -> bool:
        """Whether the ticket, as it is, lies in its scope."""
        scope = self.scope
        return (
            (not scope.trades or ticket.trade in scope.trades)
            and (not scope.streets or ticket.street in scope.streets)
            and (not scope.keywords or self.id in ticket.worded or ticket.ticket_id in self.members)
        )

    def is_worded(self, texts: Mapping[str, str]) -> bool:
        """Whether the words of a ticket hold a keyword."""
        words = [texts[name] for name in WORDED if name in texts]
        return any(keyword in body for keyword in self.scope.keywords for body in words)

    def limit(self, name: str, normal: Limit) -> Limit:
        given = self.limits.get(name)
        return normal if given is None else parse_limit(given)

    def window(self, normal: Window) -> Window:
        return normal if self.duty is None else parse_window(self.duty)

    def changes(self, name: str, normal: Limit) -> bool:
        """Whether it has a word on that limit; hours change only what waits for them (ruling 5)."""
        return name in self.limits or (self.duty is not None and normal.unit in WAITING_UNITS)
