"""Turning the rules' findings into one refusal that names every field."""

from collections.abc import Sequence

from shared.errors import FieldError, Invalid
from shared.labels import FAULTS


def refuse(faults: Sequence[FieldError]) -> None:
    if faults:
        raise Invalid(
            errors=[
                {"pointer": fault["pointer"], "message": FAULTS[fault["message"]]}
                for fault in faults
            ]
        )


def fault(pointer: str, code: str) -> FieldError:
    return {"pointer": pointer, "message": code}
