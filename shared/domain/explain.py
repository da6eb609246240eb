"""A clock's verdict in one Chinese sentence that the head of a unit can follow and check."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from shared.domain.calendar import NO_TIME, WorkCalendar, in_city
from shared.domain.limits import Limit, LimitUnit
from shared.domain.words import ClockName, ClockOutcome

ONE_DAY = timedelta(days=1)


class Basis(StrEnum):
    """What set the due."""

    LIMIT = "limit"
    UPSTREAM = "upstream"
    SUPERVISED = "supervised"
    EXTENDED = "extended"
    MERGED = "merged"
    LEAD_TIME = "lead_time"
    REPLY = "reply"
    COMMITMENT = "commitment"


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """What the sentence tells. `limit` belongs to `Basis.LIMIT`; an exempt clock has no due."""

    name: ClockName
    start: datetime
    due: datetime | None
    basis: Basis
    limit: Limit | None = None
    outcome: ClockOutcome | None = None
    stopped_at: datetime | None = None


# All the wording, in one place.
WEEKDAYS = "一二三四五六日"
DEEDS: Mapping[ClockName, str] = {
    ClockName.DESK_ACCEPT: "收单",
    ClockName.FIRST_CONTACT: "先行联系诉求人",
    ClockName.UNIT_ACCEPT: "接单",
    ClockName.UNIT_COMPLETE: "反馈",
    ClockName.COMPLETE: "办结",
    ClockName.REPLY: "回复诉求人",
    ClockName.FOLLOW_UP: "回访",
    ClockName.COMMITMENT: "落实现场承诺",
}
BASES: Mapping[Basis, str] = {
    Basis.UPSTREAM: "按上级平台给定的期限",
    Basis.SUPERVISED: "按督办要求的期限",
    Basis.EXTENDED: "按批准延期后的期限",
    Basis.MERGED: "并单后按较早一件的期限",
    Basis.LEAD_TIME: "比办结期限提前1个工作日（不超过1个工作日的短时限提前四分之一）",
    Basis.COMMITMENT: "按现场查看时承诺的日期",
    Basis.REPLY: "不晚于办结期限，且不晚于反馈的次一工作日",
}
AMOUNTS: Mapping[LimitUnit, str] = {
    LimitUnit.WORKDAY: "{n}个工作日，当天不计",
    LimitUnit.WORKING_HOUR: "{n}个工作小时，只计工作日{hours}",
    LimitUnit.MINUTE: "{n}分钟，按自然时间连续计算",
    LimitUnit.HOUR: "{n}小时，按自然时间连续计算",
    LimitUnit.DAY: "{n}个自然日",
}
SENTENCE = "{start}起算，{rule}，应于{due}前{deed}{doubt}；{verdict}。"
EXEMPT = "依规定免予{deed}，不计时限。"
VERDICTS: Mapping[ClockOutcome | None, str] = {
    None: "现未{deed}，{margin}",
    ClockOutcome.MET: "于{stopped}{deed}，{margin}",
    ClockOutcome.LATE: "于{stopped}{deed}，{margin}",
    ClockOutcome.UNREACHED: "多次联系未果，至{stopped}视为已履行，{margin}",
    ClockOutcome.CANCELLED: "于{stopped}撤销，不再计时",
}
NOT_STARTED = "尚未到起算时间"
EARLY, LATE, LEFT, OVERDUE = "提前{span}", "超期{span}", "剩余{span}", "已超期{span}"
WEEKEND, HOLIDAY, NOT_COUNTED, COUNTED = "周末", "节假日", "{days}不计", "{days}调休上班照计"
PROVISIONAL = "（{year}年放假安排尚未公布，公布后期限只延不缩）"


def explain(facts: ClockFacts, calendar: WorkCalendar, *, now: datetime) -> str:
    """The whole verdict: from when, by which rule, until when, and how it stands at `now`."""
    deed = DEEDS[facts.name]
    if facts.due is None:
        return EXEMPT.format(deed=deed)
    start, due = in_city(facts.start), in_city(facts.due)
    doubt = PROVISIONAL.format(year=due.year) if calendar.is_provisional(due.date()) else ""
    return SENTENCE.format(
        start=f"{start.year}年{_moment(start)}",
        rule=_rule(facts, calendar, due=due),
        due=_moment(due, since=start),
        deed=deed,
        doubt=doubt,
        verdict=_verdict(facts, due, now=now),
    )


def _rule(facts: ClockFacts, calendar: WorkCalendar, *, due: datetime) -> str:
    if facts.basis is not Basis.LIMIT:
        return BASES[facts.basis]
    if facts.limit is None:
        raise ValueError("a clock that follows a limit names it")
    hours = "、".join(f"{opens:%H:%M}—{closes:%H:%M}" for opens, closes in calendar.hours)
    amount = AMOUNTS[facts.limit.unit].format(n=facts.limit.amount, hours=hours)
    if facts.limit.unit is not LimitUnit.WORKDAY:
        return amount
    days = list(_days_after(in_city(facts.start).date(), due.date()))
    off = dict.fromkeys(_name(day, calendar) for day in days if not calendar.is_workday(day))
    made_up = [_day(day) for day in days if calendar.is_workday(day) and day.weekday() >= 5]
    notes = (NOT_COUNTED.format(days="、".join(off)), COUNTED.format(days="、".join(made_up)))
    kept = [note for note, present in zip(notes, (off, made_up), strict=True) if present]
    return "，".join([amount, *kept])


def _verdict(facts: ClockFacts, due: datetime, *, now: datetime) -> str:
    if facts.outcome is None and now < facts.start:
        return NOT_STARTED
    ended = facts.stopped_at if facts.outcome is not None else now
    if ended is None:
        raise ValueError("a clock that has ended says when")
    margin = due - ended
    early, late = (LEFT, OVERDUE) if facts.outcome is None else (EARLY, LATE)
    said = (late if margin < NO_TIME else early).format(span=describe_span(abs(margin)))
    stopped = _moment(in_city(ended), since=in_city(facts.start))
    return VERDICTS[facts.outcome].format(deed=DEEDS[facts.name], stopped=stopped, margin=said)


def describe_span(span: timedelta) -> str:
    """Days, hours and minutes, rounded down; seconds only below a minute."""
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "天"), (hours, "小时"), (minutes, "分"))
    return "".join(f"{n}{unit}" for n, unit in parts if n) or f"{seconds}秒"


def _moment(at: datetime, *, since: datetime | None = None) -> str:
    """Day and time; the year only where it is not that of `since`."""
    year = f"{at.year}年" if since and since.year != at.year else ""
    return f"{year}{_day(at.date())}{at:%H:%M}"


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日（周{WEEKDAYS[day.weekday()]}）"


def _name(day: date, calendar: WorkCalendar) -> str:
    return calendar.names.get(day) or (WEEKEND if day.weekday() >= 5 else HOLIDAY)


def _days_after(start: date, end: date) -> Iterator[date]:
    while (start := start + ONE_DAY) <= end:
        yield start
