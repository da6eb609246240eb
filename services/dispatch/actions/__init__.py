"""What the desk, leaders and units do, by stage. Each action may refuse, then records."""

from services.dispatch.actions.appeals import (
    appeal,
    bar_appeal,
    bar_own_appeal,
    decide_appeal,
    decide_exclusion,
    exclude,
)
from services.dispatch.actions.assignment import (
    accept,
    check_dispatch,
    check_triage,
    dispatch,
    gather,
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
from services.dispatch.actions.emergency import check_emergency, put_emergency
from services.dispatch.actions.merging import check_merge, merge, share_matter
from services.dispatch.actions.requests import (
    check_extension,
    check_return,
    confirm_void,
    decide_extension,
    decide_return,
    request_extension,
    request_upstream_return,
    return_ticket,
    void,
)
from services.dispatch.actions.supervision import check_supervision, supervise, urge

__all__ = [
    "accept",
    "appeal",
    "bar_appeal",
    "bar_own_appeal",
    "check_dispatch",
    "check_emergency",
    "check_extension",
    "check_feedback",
    "check_merge",
    "check_return",
    "check_supervision",
    "check_triage",
    "check_visit",
    "complete",
    "confirm_void",
    "contact",
    "decide_appeal",
    "decide_exclusion",
    "decide_extension",
    "decide_return",
    "dispatch",
    "dispose",
    "exclude",
    "feedback",
    "follow_up",
    "gather",
    "merge",
    "put_emergency",
    "reject_feedback",
    "reply",
    "request_extension",
    "request_upstream_return",
    "return_ticket",
    "share_matter",
    "supervise",
    "triage",
    "urge",
    "visit_site",
    "void",
]
