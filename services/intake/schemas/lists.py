"""A platform's list of one day, and what persons say of a case."""

from datetime import date
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from services.intake.schemas.fields import UpstreamNo, When
from shared.domain.words import TicketState
from shared.vault.free_text import hide_people
from shared.web.bodies import YEARS, AtField, Body

MOST_TICKETS = 50_000
Short = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Note = Annotated[str, StringConstraints(min_length=1, max_length=500)]


def _as_written_day(value: Any) -> Any:
    """The day in ten characters: a number or a time would be read as one too."""
    if not isinstance(value, str) or len(value) != 10:
        raise ValueError("应为日期（YYYY-MM-DD）")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ValueError("应为日期（YYYY-MM-DD）") from None
    if day.year not in YEARS:
        raise ValueError("日期超出可用范围（2000–2100 年）")
    return day


Day = Annotated[date, BeforeValidator(_as_written_day), Field(strict=False)]
State = Annotated[TicketState, Field(strict=False)]


class ListedTicket(BaseModel):
    """One line. Fields of the platform's own are refused: a list carries nothing personal."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, str_strip_whitespace=True)

    upstream_no: UpstreamNo
    state: State
    received_at: When
    completed_at: When | None = None


class DayList(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    day: Day
    tickets: Annotated[list[ListedTicket], Field(max_length=MOST_TICKETS)]


class ListPage(DayList):
    """What a platform answers when we come for its list; `next_cursor` where there is more."""

    next_cursor: Annotated[str, StringConstraints(min_length=1, max_length=1000)] | None = None


class Assignment(Body):
    """To a unit, to a person, or to a person of a unit."""

    unit: Short | None = None
    person: Annotated[Short, AfterValidator(hide_people)] | None = None

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if self.unit is None and self.person is None:
            raise AtField("unit", "须写明单位或经办人")
        return self


class Acceptance(Body):
    reason: Annotated[Note, AfterValidator(hide_people)]
