"""A clock's verdict in one Chinese sentence that the head of a unit can follow and check."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from shared.domain.calendar import END_OF_DAY, NO_TIME, WorkCalendar, in_city
from shared.domain.limits import Limit, LimitUnit
from shared.domain.pauses import Pause
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
class Move:
    """An earlier due of the clock, and what moved it when: the type of the log's entry."""

    was: datetime
    at: datetime
    event: str


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """What the sentence tells. `limit` belongs to `Basis.LIMIT`; an exempt clock has no due.

    `asked`: when the matter came up, where that was outside the duty window and the clock waited.
    A clock without due that still runs is paused.
    """

    name: ClockName
    start: datetime
    due: datetime | None
    basis: Basis
    limit: Limit | None = None
    outcome: ClockOutcome | None = None
    stopped_at: datetime | None = None
    asked: datetime | None = None
    is_rework: bool = False
    moves: tuple[Move, ...] = ()
    pauses: tuple[Pause, ...] = ()
    is_emergency: bool = False


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
    ClockName.INTERIM_REPORT: "作初次报告",
    ClockName.COMMITMENT: "落实现场承诺",
}
ORIGINS: Mapping[ClockName, str] = {
    ClockName.UNIT_ACCEPT: "派单",
    ClockName.UNIT_COMPLETE: "派单",
    ClockName.FOLLOW_UP: "办结",
}
UPSTREAM_ORIGIN, REWORK_ORIGIN = "上级派件", "开始重办"
REASONS: Mapping[str, str] = {
    "ticket.triaged": "收单时改定紧急程度",
    "ticket.updated": "上级更新来件",
    "ticket.supervised": "督办",
    "ticket.extension_decided": "批准延期",
    "ticket.absorbed": "并单",
    "ticket.feedback_submitted": "已经反馈",
    "ticket.feedback_rejected": "反馈被退回",
    "ticket.clocks_corrected": "更正日历或时限",
    "ticket.clocks_resumed": "暂停后恢复计时",
}
OTHER_REASON = "情况变化"
EMERGENCY = "按应急预案{rule}"

BASES: Mapping[Basis, str] = {
    Basis.UPSTREAM: "按上级平台给定的期限",
    Basis.SUPERVISED: "按督办要求的期限",
    Basis.EXTENDED: "按批准延期后的期限",
    Basis.MERGED: "并单后按较早一件的期限",
    Basis.LEAD_TIME: "须比办结期限提前1个工作日（不超过1个工作日的短时限提前四分之一）",
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
SENTENCE = "{start}{origin}{waited}，{rule}，应于{due}前{deed}{moved}{doubt}；{verdict}。"
WAITED = "，不在值班时段，{start}开始值班时起算"
MOVED = "（原为{was}前，{at}因{reason}改定）"
PAUSED = "{start}{origin}，{since}起暂停计时，恢复后期限顺延。"
HELD = "，其间暂停{span}不计"
EXEMPT = "依规定免予{deed}，不计时限。"
VERDICTS: Mapping[ClockOutcome | None, str] = {
    None: "现未{deed}，{margin}",
    ClockOutcome.MET: "于{stopped}{deed}，{margin}",
    ClockOutcome.LATE: "于{stopped}{deed}，{margin}",
    ClockOutcome.UNREACHED: "多次联系未果，至{stopped}视为已履行，{margin}",
    ClockOutcome.CANCELLED: "于{stopped}撤销，不再计时",
}
NOT_STARTED = "尚未到起算时间"
EARLY, LATE, LEFT, OVERDUE = "提前{span}", "超时{span}", "剩余{span}", "已超时{span}"
LUNCH, NIGHT = "午休", "下班后"
WEEKEND, HOLIDAY, NOT_COUNTED, COUNTED = "周末", "节假日", "{days}不计", "{days}调休上班照计"
PROVISIONAL = "（{year}年放假安排尚未公布，公布后期限只延不缩）"


def explain(facts: ClockFacts, calendar: WorkCalendar, *, now: datetime) -> str:
    """The whole verdict: from when, by which rule, until when, and how it stands at `now`."""
    deed = DEEDS[facts.name]
    start = in_city(facts.start)
    origin = origin_of(facts)
    if facts.due is None:
        if facts.outcome is None and facts.pauses:
            since = _moment(in_city(facts.pauses[-1].start), since=start)
            return PAUSED.format(
                start=f"{start.year}年{_moment(start)}", origin=origin, since=since
            )
        return EXEMPT.format(deed=deed)
    due = in_city(facts.due)
    asked = in_city(facts.asked) if facts.asked is not None else start
    doubt = PROVISIONAL.format(year=due.year) if calendar.is_provisional(due.date()) else ""
    rule = _rule(facts, calendar, due=due)
    return SENTENCE.format(
        start=f"{asked.year}年{_moment(asked)}",
        origin=origin,
        waited=WAITED.format(start=_moment(start, since=asked)) if asked < start else "",
        rule=EMERGENCY.format(rule=rule) if facts.is_emergency else rule,
        due=_deadline(due, since=asked),
        deed=deed,
        moved=_moved(facts, start),
        doubt=doubt,
        verdict=_verdict(facts, due, now=now),
    )


def origin_of(facts: ClockFacts) -> str:
    """What set the clock going."""
    told = ORIGINS.get(facts.name)
    return told or (REWORK_ORIGIN if facts.is_rework else UPSTREAM_ORIGIN)


def _moved(facts: ClockFacts, start: datetime) -> str:
    """From which due it was moved last, and why."""
    if not facts.moves:
        return ""
    last = facts.moves[-1]
    return MOVED.format(
        was=_deadline(in_city(last.was), since=start),
        at=_moment(in_city(last.at), since=start),
        reason=REASONS.get(last.event, OTHER_REASON),
    )


def _rule(facts: ClockFacts, calendar: WorkCalendar, *, due: datetime) -> str:
    if facts.basis is not Basis.LIMIT:
        return BASES[facts.basis]
    if facts.limit is None:
        raise ValueError("a clock that follows a limit names it")
    hours = "、".join(f"{opens:%H:%M}—{closes:%H:%M}" for opens, closes in calendar.hours)
    amount = AMOUNTS[facts.limit.unit].format(n=facts.limit.amount, hours=hours)
    held = _held(facts)
    if facts.limit.unit not in (LimitUnit.WORKDAY, LimitUnit.WORKING_HOUR):
        return amount + held
    start = in_city(facts.start)
    days = list(_days_after(start.date(), due.date()))
    if facts.limit.unit is LimitUnit.WORKING_HOUR and not calendar.is_workday(start.date()):
        days.insert(0, start.date())
    skipped = _hours_off(start, due, calendar, facts.limit.unit)
    off = [*skipped, *(_name(day, calendar) for day in days if not calendar.is_workday(day))]
    made_up = [_day(day) for day in days if calendar.is_workday(day) and day.weekday() >= 5]
    notes = (
        NOT_COUNTED.format(days="、".join(dict.fromkeys(off))),
        COUNTED.format(days="、".join(made_up)),
    )
    kept = [note for note, present in zip(notes, (off, made_up), strict=True) if present]
    return "，".join([amount, *kept]) + held


def _hours_off(
    start: datetime, due: datetime, calendar: WorkCalendar, unit: LimitUnit
) -> Iterator[str]:
    """The closed hours that a clock in working hours has crossed."""
    if unit is not LimitUnit.WORKING_HOUR:
        return
    crossed = [
        closes
        for day in (start.date(), *_days_after(start.date(), due.date()))
        if calendar.is_workday(day)
        for _, closes in calendar.hours
        if start < datetime.combine(day, closes, start.tzinfo) < due
    ]
    last = calendar.hours[-1][1]
    if any(closes != last for closes in crossed):
        yield LUNCH
    if start.date() != due.date() and (last in crossed or calendar.is_workday(start.date())):
        yield NIGHT


def _held(facts: ClockFacts) -> str:
    spans = [one.end - max(one.start, facts.start) for one in facts.pauses if one.end is not None]
    whole = sum((span for span in spans if span > NO_TIME), NO_TIME)
    return HELD.format(span=describe_span(whole)) if whole else ""


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


def _deadline(at: datetime, *, since: datetime) -> str:
    """The end of a day is told as 24:00."""
    if at.time() != END_OF_DAY:
        return _moment(at, since=since)
    year = f"{at.year}年" if since.year != at.year else ""
    return f"{year}{_day(at.date())}24:00"


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日（周{WEEKDAYS[day.weekday()]}）"


def _name(day: date, calendar: WorkCalendar) -> str:
    return calendar.names.get(day) or (WEEKEND if day.weekday() >= 5 else HOLIDAY)


def _days_after(start: date, end: date) -> Iterator[date]:
    while (start := start + ONE_DAY) <= end:
        yield start


def describe_moment(at: datetime) -> str:
    """A day and a time on their own, as the city reads them."""
    return _deadline(in_city(at), since=in_city(at))
