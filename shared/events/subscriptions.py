"""Who hears of what. A subscriber is a name; a delivery is owed to it in the same transaction."""

from collections.abc import Mapping

from shared.domain.events import ClockWarned, Event, TicketEscalated
from shared.domain.ticket import Ticket

INTAKE = "intake"  # messages to apply
SCORING = "scoring"  # facts to fold again
CALLBACK = "callback:"  # + source: state changes back to a platform
INTERNAL = (INTAKE, SCORING)


def subscribers(
    event: Event, before: Ticket | None, after: Ticket, callbacks: Mapping[str, str]
) -> list[str]:
    """The subscribers of one entry: scoring of all that counts, platforms of every new state."""
    if isinstance(event, ClockWarned | TicketEscalated):
        return []
    heard = [SCORING]
    if before is None or before.state is not after.state:
        sources = dict.fromkeys(one.source for one in after.upstream)
        heard += [CALLBACK + source for source in sources if source in callbacks]
    return heard
