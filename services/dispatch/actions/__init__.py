"""What the desk, leaders and units do, by stage. Each action may refuse, then records."""

from services.dispatch.actions.assignment import (
    accept,
    check_dispatch,
    check_triage,
    dispatch,
    triage,
)
from services.dispatch.actions.completion import complete, follow_up, reply
from services.dispatch.actions.contact import contact
from services.dispatch.actions.disposal import (
    check_feedback,
    check_visit,
    dispose,
    feedback,
    reject_feedback,
    visit_site,
)
from services.dispatch.actions.supervision import check_supervision, supervise, urge

__all__ = [
    "accept",
    "check_dispatch",
    "check_feedback",
    "check_supervision",
    "check_triage",
    "check_visit",
    "complete",
    "contact",
    "dispatch",
    "dispose",
    "feedback",
    "follow_up",
    "reject_feedback",
    "reply",
    "supervise",
    "triage",
    "urge",
    "visit_site",
]
