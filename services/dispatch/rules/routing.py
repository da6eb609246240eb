"""Who may be given a ticket (派单)."""

from collections.abc import Mapping, Sequence

from shared.domain.rulebook import Unit
from shared.domain.ticket import Ticket
from shared.domain.words import UnitKind
from shared.errors import FieldError

WORKING_KINDS = (UnitKind.SECTION, UnitKind.AFFILIATE, UnitKind.CONTRACTOR)


def routing_faults(
    ticket: Ticket, lead: str, assists: Sequence[str], units: Mapping[str, Unit]
) -> list[FieldError]:
    """What speaks against this lead and these assists; empty when nothing does."""
    named = [("/lead", lead), *((f"/assists/{i}", unit) for i, unit in enumerate(assists))]
    faults = [
        FieldError(pointer=pointer, message=message)
        for pointer, unit in named
        if (message := _fault(ticket, units.get(unit), is_lead=pointer == "/lead")) is not None
    ]
    if len({lead, *assists}) != 1 + len(assists):
        faults.append({"pointer": "/assists", "message": "DUPLICATE"})
    return faults


def _fault(ticket: Ticket, unit: Unit | None, *, is_lead: bool) -> str | None:
    if unit is None:
        return "UNKNOWN_UNIT"
    if unit.kind not in WORKING_KINDS:
        return "NOT_A_HANDLING_UNIT"
    if unit.unit_id == ticket.object_unit:
        return "OBJECT_OF_COMPLAINT"
    if is_lead and ticket.trade is not None and ticket.trade not in unit.trades:
        return "OTHER_TRADE"
    return None
