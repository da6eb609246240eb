"""What is sent to draft, activate and try a scheme."""

import re
from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from services.scoring.rules.periods import MONTH, find_period
from services.scoring.schemas import INSTANT, By
from shared.domain.calendar import CITY_ZONE
from shared.domain.words import Trade, UnitKind
from shared.web.bodies import YEARS, Body, Flag, Whole

AMOUNT = re.compile(r"(-?)\d{1,9}(?:\.(\d+))?", re.ASCII)
SCHEME_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
LARGEST = 1000
PLACES = 2
LONGEST_NAME = 64


def _amount(value: str) -> str:
    """Decimal text, not negative, with two places at most."""
    found = AMOUNT.fullmatch(value)
    if found is None:
        raise ValueError('应为十进制文本，如 "20" 或 "0.5"')
    if found[1]:
        raise ValueError("不能为负数")
    if len(found[2] or "") > PLACES:
        raise ValueError("至多两位小数")
    if float(value) > LARGEST:
        raise ValueError(f"不得超过 {LARGEST}")
    return value


def _points(value: str) -> str:
    if not float(_amount(value)):
        raise ValueError("须大于 0")
    return value


def _scheme_id(value: str) -> str:
    if not SCHEME_ID.fullmatch(value):
        raise ValueError("方案编号为 1–40 个小写字母、数字或连字符，以字母或数字开头")
    return value


def _beginning(value: Any) -> datetime:
    """A month or a day begins with its first instant in Shanghai."""
    at = _instant(value) if isinstance(value, str) else None
    if at is None or at.year not in YEARS:
        raise ValueError("应为 YYYY-MM、YYYY-MM-DD 或带时区的时间（RFC 3339），2000–2100 年")
    return at


def _instant(text: str) -> datetime | None:
    try:
        if INSTANT.fullmatch(text):
            return datetime.fromisoformat(text)
        day = f"{text}-01" if MONTH.fullmatch(text) else text
        if not DAY.fullmatch(day):
            return None
        return datetime.combine(date.fromisoformat(day), time(), tzinfo=CITY_ZONE)
    except ValueError:
        return None


def _month_or_year(value: str) -> str:
    if find_period(value) is None:
        raise ValueError("期间须为 YYYY-MM 或 YYYY（2000–2099 年）")
    return value


def _names(value: Any) -> Any:
    """A name that is too long is not repeated in the answer."""
    if isinstance(value, dict) and any(len(str(name)) > LONGEST_NAME for name in value):
        raise ValueError(f"名称不得超过 {LONGEST_NAME} 个字符")
    return value


Amount = Annotated[str, AfterValidator(_amount)]
Points = Annotated[str, AfterValidator(_points)]
Count = Annotated[Whole, Field(ge=0, le=1_000_000)]
Names = BeforeValidator(_names)
PointsByName = Annotated[dict[str, Points], Names, Field(max_length=40)]


class CurveBody(Body):
    """`slope`: points lost for each percentage point under `full`."""

    below: Amount | None = None
    full: Amount | None = None
    slope: Points | None = None
    floor: Amount | None = None
    cap: Amount | None = None


class WhenBody(Body):
    kinds: Annotated[list[UnitKind], Field(max_length=10)] | None = None
    trades: Annotated[list[Trade], Field(max_length=10)] | None = None
    min_intake: Count | None = None
    max_intake: Count | None = None


class BranchBody(Body):
    when: WhenBody
    weights: PointsByName | None = None
    curves: Annotated[dict[str, CurveBody], Names] | None = None
    bonus: PointsByName | None = None
    penalty: PointsByName | None = None


class TiersBody(Body):
    by: Annotated[list[Literal["kind", "trade"]], Field(max_length=2)] = Field(default_factory=list)
    volume: Annotated[list[Count], Field(max_length=10)] = Field(default_factory=list)


class SchemeBody(Body):
    """Options that are left out are as in the latest version of that id, else as usual."""

    id: Annotated[str, AfterValidator(_scheme_id)]
    title: Annotated[str, Field(min_length=1, max_length=60)]
    weights: PointsByName
    resolution_mode: Literal["strict", "reasonable_only", "explained_counts"] = "strict"
    bonus: PointsByName = Field(default_factory=dict)
    penalty: PointsByName = Field(default_factory=dict)
    free: Annotated[dict[str, Count], Names] | None = None
    bonus_cap: Amount | None = None
    penalty_cap: Amount | None = None
    floor: Amount | None = None
    ceiling: Amount | None = None
    rescaled: Flag | None = None
    min_sample: Count | None = None
    tiers: TiersBody | None = None
    curves: Annotated[dict[str, CurveBody], Names] = Field(default_factory=dict)
    branches: Annotated[list[BranchBody], Field(max_length=20)] = Field(default_factory=list)


class ActivationBody(Body):
    from_: Annotated[datetime, BeforeValidator(_beginning)] = Field(alias="from")


class TrialBody(Body):
    period: Annotated[str, AfterValidator(_month_or_year)]
    by: By = "unit"
