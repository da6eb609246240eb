"""What the sanitation assessment is told: inspections and media items, one body each."""

import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    model_validator,
)

from services.scoring.rules.periods import MONTH, Period
from services.scoring.schemas import APeriod, Instant, Query
from shared.domain.roads import plain
from shared.vault.free_text import hide_people
from shared.web.bodies import AtField, Body, Whole

SCORE = re.compile(r"\d{1,3}(\.\d{1,2})?", re.ASCII)
DAY = re.compile(r"20\d\d-\d\d-\d\d", re.ASCII)
URL = re.compile(r"https?://[^\s]+", re.IGNORECASE)
HIGHEST = Decimal(100)


def _month(value: Any) -> int:
    if not isinstance(value, str) or not MONTH.fullmatch(value):
        raise ValueError("月份须为 YYYY-MM")
    return int(value[:4]) * 100 + int(value[5:])


def _score(value: Any) -> Decimal:
    text = value if isinstance(value, str) else ""
    if not SCORE.fullmatch(text) or Decimal(text) > HIGHEST:
        raise ValueError("得分须为 0 至 100 的数字文本，至多两位小数")
    return Decimal(text).quantize(Decimal("0.01"))


def _day(value: Any) -> Any:
    if not isinstance(value, str) or not DAY.fullmatch(value):
        raise ValueError("应为日期（YYYY-MM-DD）")
    return value


def _road(value: str) -> str:
    return "".join(unicodedata.normalize("NFKC", value).split())


def _url(value: str) -> str:
    if not URL.fullmatch(value):
        raise ValueError("链接须以 http:// 或 https:// 开头")
    return value


def _a_month(period: Period) -> Period:
    if not MONTH.fullmatch(period.id):
        raise ValueError("环卫考核按月，期间须为 YYYY-MM")
    return period


Month = Annotated[int, BeforeValidator(_month)]
Score = Annotated[Decimal, BeforeValidator(_score)]
Day = Annotated[date, BeforeValidator(_day)]
AMonth = Annotated[APeriod, AfterValidator(_a_month)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
HouseNo = Annotated[Whole, Field(ge=1, le=99999)]


class InspectionBody(Body):
    """道路保洁检查: the score of one segment, month and contractor."""

    month: Month
    contractor: Name
    road: Annotated[str, Field(min_length=1, max_length=50), AfterValidator(_road)]
    street: Name | None = None
    from_no: HouseNo | None = None
    to_no: HouseNo | None = None
    score: Score
    inspected_on: Day | None = None
    note: Annotated[str, Field(max_length=500), AfterValidator(hide_people)] | None = None

    @model_validator(mode="after")
    def _segment(self) -> Self:
        if (self.from_no is None) != (self.to_no is None):
            missing = "to_no" if self.to_no is None else "from_no"
            raise AtField(missing, "起始与终止门牌号须同时给出")
        if self.from_no is not None and self.to_no is not None and self.from_no > self.to_no:
            raise AtField("to_no", "终止门牌号不得小于起始门牌号")
        return self

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes a later one a new revision of this one."""
        day = self.inspected_on.isoformat() if self.inspected_on is not None else None
        segment = (plain(self.road), self.street, self.from_no, self.to_no)
        return ("inspection", self.month, self.contractor, *segment, day)


class MediaItemBody(Body):
    """舆论监督: a report in the media, held against a contractor."""

    month: Month
    contractor: Name
    title: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(hide_people)]
    published_on: Day
    outlet: Name
    url: Annotated[str, Field(max_length=500), AfterValidator(_url)] | None = None
    ticket: Annotated[str, Field(min_length=1, max_length=40)] | None = None

    @property
    def identity(self) -> tuple[Any, ...]:
        day = self.published_on.isoformat()
        return ("media", self.month, self.contractor, self.title, day, self.outlet)


class Withdrawal(Body):
    reason: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(hide_people)]


class RegisterQuery(Query):
    """What of a register is asked for."""

    period: Month | None = None
    contractor: Name | None = None
    cursor: str | None = None

    @property
    def asked(self) -> tuple[int | None, str | None]:
        return (self.period, self.contractor)


class AssessmentQuery(Query):
    period: AMonth
    known_at: Instant | None = None


class DeductionsQuery(AssessmentQuery):
    contractor: Name | None = None
    cursor: str | None = None
