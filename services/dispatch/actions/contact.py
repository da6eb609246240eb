"""Calling the citizen (先行联系)."""

from services.dispatch.case import Case
from services.dispatch.schemas import ContactBody
from shared.domain.events import TicketContacted


def contact(case: Case, body: ContactBody) -> None:
    """One try. Those of the desk, the lead and assists all count."""
    event = TicketContacted(
        result=body.result,
        mode=body.mode,
        by=case.actor.name,
        unit=case.actor.unit,
        reason_code=body.reason_code,
        call_id=case.clean(body.call_id),
    )
    case.record(event, note=body.content)
