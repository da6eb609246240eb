"""What scoring is asked: query parameters, read and checked."""

import re
from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from services.scoring.exports.forms import Form
from services.scoring.rules.metrics import BY_ID, Metric
from services.scoring.rules.periods import MONTH, Period, find_period
from services.scoring.rules.schemes import DEFAULT
from services.scoring.rules.verdicts import Part
from shared.domain.calendar import CITY_ZONE
from shared.web.bodies import Moment

INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
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


def _month(value: str) -> str:
    if not MONTH.fullmatch(value):
        raise ValueError("月份须为 YYYY-MM")
    return value


APeriod = Annotated[Period, BeforeValidator(_period)]
Instant = Annotated[Moment, BeforeValidator(_instant)]
Bound = Annotated[Moment, BeforeValidator(_bound)]
AForm = Annotated[Form, BeforeValidator(_form)]
AMetric = Annotated[Metric, BeforeValidator(_metric)]
Month = Annotated[str, AfterValidator(_month)]
By = Literal["unit", "section", "executor", "trade", "street", "source", "category"]
Emergencies = Literal["include", "exclude"]


class Query(BaseModel):
    """Query parameters; those nobody knows are passed over."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)


class ScoresQuery(Query):
    period: APeriod
    by: By = "unit"
    scheme: str = DEFAULT
    known_at: Instant | None = None
    adjusted: Literal["true", "false"] = "true"
    emergency: Emergencies = "include"


class FigureQuery(Query):
    """`key` absent or `total`: the whole; empty or `null`: the row whose key is unknown."""

    period: APeriod
    by: By = "unit"
    key: str | None = None
    metric: AMetric
    part: Part = Part.DEN
    known_at: Instant | None = None
    adjusted: Literal["true", "false"] = "true"
    emergency: Emergencies = "include"
    cursor: str | None = None


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
