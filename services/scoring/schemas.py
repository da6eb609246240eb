"""What scoring is asked: query parameters, read and checked."""

import re
from datetime import date, datetime, time
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from services.scoring.exports.forms import Form
from services.scoring.rules.metrics import BY_ID, Metric
from services.scoring.rules.periods import MONTH, Period, find_period
from services.scoring.rules.verdicts import Part
from shared.domain.calendar import CITY_ZONE
from shared.vault.free_text import hide_people
from shared.web.bodies import AtField, Body, Moment

INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
REVISION = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)
DAY = re.compile(r"20\d\d-\d\d-\d\d", re.ASCII)
LOST_PLUS = re.compile(r" (\d\d:\d\d)$")


def _period(value: Any) -> Period:
    period = find_period(value) if isinstance(value, str) else None
    if period is None:
        raise ValueError("期间须为 YYYY-MM 或 YYYY（2000–2099 年）")
    return period


def _instant(value: Any) -> Any:
    """A `+` that was sent as it is arrives as a space: put it back."""
    text = LOST_PLUS.sub(r"+\1", value) if isinstance(value, str) else ""
    if not INSTANT.fullmatch(text):
        raise ValueError("应为带时区的时间（RFC 3339）")
    return text


def _bound(value: Any) -> Any:
    """A day stands for its first instant in Shanghai."""
    if not isinstance(value, str) or not DAY.fullmatch(value):
        return _instant(value)
    try:
        return datetime.combine(date.fromisoformat(value), time(), CITY_ZONE)
    except ValueError:
        raise ValueError("没有这一天") from None


def _form(value: Any) -> Any:
    if value not in tuple(Form):
        raise ValueError("现有的格式：json、csv")
    return value


def _metric(value: Any) -> Metric:
    metric = BY_ID.get(value) if isinstance(value, str) else None
    if metric is None:
        raise ValueError("没有这个指标")
    return metric


def _revision(value: Any) -> int:
    if not isinstance(value, str) or not REVISION.fullmatch(value):
        raise ValueError("版次须为正整数")
    return int(value)


def _month(value: str) -> str:
    if not MONTH.fullmatch(value):
        raise ValueError("月份须为 YYYY-MM")
    return value


APeriod = Annotated[Period, BeforeValidator(_period)]
Instant = Annotated[Moment, BeforeValidator(_instant)]
ARevision = Annotated[int, BeforeValidator(_revision)]
Bound = Annotated[Moment, BeforeValidator(_bound)]
AForm = Annotated[Form, BeforeValidator(_form)]
AMetric = Annotated[Metric, BeforeValidator(_metric)]
Month = Annotated[str, AfterValidator(_month)]
By = Literal["unit", "section", "executor", "trade", "street", "source", "category"]
Emergencies = Literal["include", "exclude"]


class Query(BaseModel):
    """Query parameters; those nobody knows are passed over."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)


class AsOf(Query):
    """What was known then, or a revision of a frozen month: one of the two, or neither."""

    period: APeriod
    known_at: Instant | None = None
    revision: ARevision | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.revision is not None and self.known_at is not None:
            raise AtField("revision", "不能与 known_at 同时给出")
        if self.revision is not None and not self.period.is_month:
            raise AtField("revision", "只有月份可以定版")
        return self


class FlagsQuery(Query):
    period: APeriod


class ScoresQuery(AsOf):
    by: By = "unit"
    scheme: str | None = None
    adjusted: Literal["true", "false"] = "true"
    emergency: Emergencies = "include"


class FigureQuery(AsOf):
    """`key` absent or `total`: the whole; empty or `null`: the row whose key is unknown."""

    by: By = "unit"
    key: str | None = None
    metric: AMetric
    part: Part = Part.DEN
    adjusted: Literal["true", "false"] = "true"
    emergency: Emergencies = "include"
    cursor: str | None = None


class CheckQuery(AsOf):
    """Of now, and of a revision where the month is frozen."""


class ChangesQuery(Query):
    """From one view to another: each a revision or an instant; `to` is now where none is given."""

    from_revision: ARevision | None = None
    to_revision: ARevision | None = None
    from_known_at: Instant | None = None
    to_known_at: Instant | Literal["now"] | None = None
    cursor: str | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if (self.from_revision is None) == (self.from_known_at is None):
            raise AtField("from_revision", "须给出 from_revision 或 from_known_at 之一")
        if self.to_revision is not None and self.to_known_at is not None:
            raise AtField("to_revision", "不能与 to_known_at 同时给出")
        return self


class FreezeBody(Body):
    reason: Annotated[str, AfterValidator(hide_people)] | None = Field(
        default=None, min_length=1, max_length=500
    )


class CityRanksQuery(Query):
    from_: Month | None = Field(default=None, alias="from")
    to: Month | None = None
    scope: str | None = None
    cursor: str | None = None


class FactsQuery(Query):
    """`from` and `to` bound the rounds' `opened_at`; `to` itself is not in it."""

    updated_after: str | None = None
    from_: Bound | None = Field(default=None, alias="from")
    to: Bound | None = None
    form: AForm | None = Field(default=None, alias="format")
