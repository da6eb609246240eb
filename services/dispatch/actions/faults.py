"""Turning the rules' findings into one refusal that names every field, or into a conflict."""

from collections.abc import Sequence
from datetime import datetime

from shared.errors import Conflict, FieldError, Forbidden, Invalid
from shared.labels import BARS, CONFLICTS, FAULTS


def refuse(faults: Sequence[FieldError]) -> None:
    if faults:
        raise Invalid(
            errors=[
                {"pointer": fault["pointer"], "message": FAULTS[fault["message"]]}
                for fault in faults
            ]
        )


def conflict(code: str, *, latest: datetime | None = None, what: str = "") -> Conflict:
    """For a rule's finding that the state of the ticket, not the request, stands against it."""
    told = "" if latest is None else f"{latest:%Y-%m-%d %H:%M}"
    return Conflict(CONFLICTS[code].format(latest=told, what=what))


def forbidden(code: str) -> Forbidden:
    """For what is another's to do."""
    return Forbidden(BARS[code])


def fault(pointer: str, code: str) -> FieldError:
    return {"pointer": pointer, "message": code}
