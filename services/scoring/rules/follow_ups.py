"""Which follow-up (回访) of a round is the official one (ruling 38)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from shared.domain import events
from shared.domain.events import Entry
from shared.domain.words import FollowUpLevel, Reached

LEVELS: Mapping[FollowUpLevel, int] = MappingProxyType(
    {FollowUpLevel.BUREAU: 0, FollowUpLevel.DISTRICT: 1, FollowUpLevel.CITY: 2}
)


def official_follow_up(follow_ups: Iterable[Entry]) -> events.TicketFollowedUp | None:
    """A citizen reached, by the highest level, the latest of it.

    Only where nobody was reached, the latest attempt of any level.
    """
    best: tuple[tuple[bool, int, datetime, int], events.TicketFollowedUp] | None = None
    for entry in follow_ups:
        event = entry.event
        assert isinstance(event, events.TicketFollowedUp)
        reached = event.reached is Reached.YES
        weight = (reached, LEVELS[event.level] if reached else 0, entry.occurred_at, entry.seq)
        if best is None or weight > best[0]:
            best = (weight, event)
    return best[1] if best is not None else None
