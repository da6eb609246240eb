"""…/clocks as the head of a unit reads it: one whole sentence for every way a clock can go."""

from collections.abc import Callable

import pytest

from services.dispatch.clocks import explain_clocks
from shared.domain import events
from shared.domain.words import AppealType, ClockName, Urgency
from tests.rules.courses import OTHER, UNIT, Course, at, make_rulebook

DESK, CONTACT, ACCEPT = ClockName.DESK_ACCEPT, ClockName.FIRST_CONTACT, ClockName.UNIT_ACCEPT
DONE, COMPLETE, REPLY = ClockName.UNIT_COMPLETE, ClockName.COMPLETE, ClockName.REPLY
GRANTED = make_rulebook(values={"pause.reasons": "weather"})
OVER_THE_WEEKEND = "11-20 16:00"


def dispatched(when: str = OVER_THE_WEEKEND) -> Course:
    return Course(when).triage("11-20 16:30").dispatch("11-20 16:40")


def read(course: Course, name: ClockName, now: str, *, unit: str | None = None) -> str:
    items = explain_clocks(course.ticket, course.rulebook, at(now), entries=course.entries)
    found = [one for one in items if one["name"] == name and one["unit"] == unit]
    text: str = found[-1]["text"]
    return text


@pytest.mark.parametrize(
    ("course", "name", "unit", "text"),
    [
        (
            lambda: dispatched().accept("11-23 11:22"),
            ACCEPT,
            UNIT,
            "2026年11月20日（周五）16:40派单，2个工作小时，只计工作日09:00—12:00、13:00—17:30，"
            "下班后、周末不计，应于11月23日（周一）10:10前接单；"
            "于11月23日（周一）11:22接单，超时1小时12分。",
        ),
        (
            lambda: Course("11-18 11:30").triage("11-18 13:30"),
            DESK,
            None,
            "2026年11月18日（周三）11:30上级派件，2个工作小时，只计工作日09:00—12:00、13:00—17:30，"
            "午休不计，应于11月18日（周三）14:30前收单；于11月18日（周三）13:30收单，提前1小时。",
        ),
        (
            lambda: Course("09-30 16:00"),
            COMPLETE,
            None,
            "2026年9月30日（周三）16:00上级派件，5个工作日，当天不计，国庆节、周末不计，"
            "10月10日（周六）调休上班照计，应于10月13日（周二）24:00前办结；"
            "现未办结，已超时54天9小时。",
        ),
        (
            lambda: Course("11-18 20:00", urgency=Urgency.URGENT).contact("11-19 09:00"),
            CONTACT,
            None,
            "2026年11月18日（周三）20:00上级派件，不在值班时段，11月19日（周四）08:30开始值班时起算，"
            "1小时，按自然时间连续计算，应于11月19日（周四）09:30前先行联系诉求人；"
            "于11月19日（周四）09:00先行联系诉求人，提前30分。",
        ),
        (
            lambda: Course(upstream_due=at("12-10 12:00")),
            COMPLETE,
            None,
            "2026年11月18日（周三）09:12上级派件，按上级平台给定的期限，"
            "应于12月10日（周四）12:00前办结；现未办结，剩余3天3小时。",
        ),
        (
            lambda: Course().supervise("11-19 10:00", "11-20 18:00"),
            COMPLETE,
            None,
            "2026年11月18日（周三）09:12上级派件，按督办要求的期限，应于11月20日（周五）18:00前办结"
            "（原为11月25日（周三）24:00前，11月19日（周四）10:00因督办改定）；"
            "现未办结，已超时16天15小时。",
        ),
        (
            lambda: Course().update("11-19 10:00", appeal_type="consult"),
            COMPLETE,
            None,
            "2026年11月18日（周三）09:12上级派件，1个工作日，当天不计，"
            "应于11月19日（周四）24:00前办结"
            "（原为11月25日（周三）24:00前，11月19日（周四）10:00因上级更新来件改定）；"
            "现未办结，已超时17天9小时。",
        ),
        (
            lambda: Course(is_anonymous=True, has_phone=False),
            CONTACT,
            None,
            "依规定免予先行联系诉求人，不计时限。",
        ),
        (
            lambda: dispatched().add("11-23 10:00", events.TicketVoided()),
            COMPLETE,
            None,
            "2026年11月20日（周五）16:00上级派件，5个工作日，当天不计，周末不计，"
            "应于11月27日（周五）24:00前办结；于11月23日（周一）10:00撤销，不再计时。",
        ),
        (
            lambda: Course(rulebook=GRANTED).pause("11-19 10:00"),
            COMPLETE,
            None,
            "2026年11月18日（周三）09:12上级派件，11月19日（周四）10:00起暂停计时，恢复后期限顺延。",
        ),
        (
            lambda: Course(rulebook=GRANTED).pause("11-19 10:00").resume("11-20 10:00"),
            COMPLETE,
            None,
            "2026年11月18日（周三）09:12上级派件，5个工作日，当天不计，周末不计，其间暂停1天不计，"
            "应于11月26日（周四）24:00前办结；现未办结，已超时10天9小时。",
        ),
    ],
    ids=[
        "weekend",
        "lunch",
        "make_up",
        "window",
        "upstream",
        "supervised",
        "moved",
        "exempt",
        "cancelled",
        "paused",
        "resumed",
    ],
)
def test_the_sentence_says_all_that_the_reader_needs(
    course: Callable[[], Course], name: ClockName, unit: str | None, text: str
) -> None:
    assert read(course(), name, "12-07 09:00", unit=unit) == text


def test_what_hangs_on_completion_says_so() -> None:
    course = dispatched()

    assert "须比办结期限提前1个工作日" in read(course, DONE, "11-23 09:00", unit=UNIT)
    assert "不晚于办结期限" in read(course, REPLY, "11-23 09:00")


def test_a_granted_pause_is_a_paused_segment() -> None:
    course = Course(rulebook=GRANTED).pause("11-19 10:00").resume("11-19 15:00")

    items = explain_clocks(course.ticket, course.rulebook, at("11-19 16:00"))
    segments = next(one["segments"] for one in items if one["name"] == COMPLETE)

    assert [(one["kind"], one["working_seconds"] // 60) for one in segments] == [
        ("running", 438 + 60),
        ("paused", 0),
        ("running", 60),
    ]


def test_a_disposal_target_is_told_beside_the_leads_clock_and_nowhere_else() -> None:
    course = Course("11-18 09:12").triage("11-18 09:40", category="S-01")
    course.dispatch("11-18 10:10", OTHER).accept("11-18 10:30")
    waiting = explain_clocks(course.ticket, course.rulebook, at("11-18 11:00"))
    course.dispose("11-18 12:25")

    done = explain_clocks(course.ticket, course.rulebook, at("11-18 13:00"))

    assert [(one["name"], one["unit"]) for one in waiting if "target" in one] == [(DONE, UNIT)]
    before, after = (
        next(one["target"] for one in items if "target" in one) for items in (waiting, done)
    )
    assert (before["state"], after["state"]) == ("running", "missed")
    assert after["rule"] == "target.S-01=2h"
    assert after["text"] == (
        "处置目标（不计入考核）：11月18日（周三）10:10派单，应于11月18日（周三）12:10前处置；"
        "于11月18日（周三）12:25处置，超出15分。"
    )
    assert course.due(COMPLETE) == at("11-25 23:59:59")


@pytest.mark.parametrize(
    ("category", "due"),
    [("S-01", "11-18 12:10"), ("S-02", "11-18 14:10"), ("S-03", "11-18 14:10"),
     ("G-02", "11-25 23:59:59"), ("S-05", None)],
)  # fmt: skip
def test_targets_are_those_of_the_register(category: str, due: str | None) -> None:
    course = Course(appeal_type=AppealType.COMPLAINT).triage("11-18 09:40", category=category)
    items = explain_clocks(
        course.dispatch("11-18 10:10").ticket, course.rulebook, at("11-18 10:10")
    )

    found = [one["target"]["due"] for one in items if "target" in one]
    assert found == ([at(due).isoformat()] if due else [])
