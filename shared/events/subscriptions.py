"""Who hears of what. A subscriber is a name; a delivery is owed to it in the same transaction."""

from shared.domain.events import ClockWarned, Event, TicketErased, TicketEscalated
from shared.domain.rulebook import Rulebook
from shared.domain.ticket import Ticket

INTAKE = "intake"  # messages to apply
SCORING = "scoring"  # facts to fold again
FREEZING = "freezing"  # frozen months whose copy is still to be made
CALLBACK = "callback:"  # + source: state changes back to a platform
SUBSCRIPTION = "subscription:"  # + its id: events to somebody's system
MATTERS = "matters"  # which tickets tell of the same
INTERNAL = (INTAKE, SCORING, FREEZING, MATTERS)
# They change no figure, no number and no state.
UNCOUNTED = (ClockWarned, TicketErased, TicketEscalated)


def subscribers(
    event: Event, before: Ticket | None, after: Ticket, rulebook: Rulebook
) -> list[str]:
    """The subscribers of one entry: our own handlers, platforms of every new state, systems."""
    heard = [] if isinstance(event, UNCOUNTED) else _own_and_platforms(before, after, rulebook)
    return heard + [
        SUBSCRIPTION + one.id for one in rulebook.subscriptions if one.hears(event.type, after)
    ]


def _own_and_platforms(before: Ticket | None, after: Ticket, rulebook: Rulebook) -> list[str]:
    heard = [SCORING]
    if before is None or _is_renumbered(before, after):
        heard.append(MATTERS)
    if before is None or before.state is not after.state:
        sources = dict.fromkeys(one.source for one in after.upstream)
        heard += [CALLBACK + source for source in sources if source in rulebook.callbacks]
    return heard


def _is_renumbered(before: Ticket, after: Ticket) -> bool:
    """A number that somebody may have been waiting for is known now."""
    return before.upstream != after.upstream or before.other_nos != after.other_nos
