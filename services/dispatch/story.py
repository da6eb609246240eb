"""A matter told as a story: dated lines in Chinese, in the order in which things happened."""

from collections.abc import Iterator
from datetime import datetime, time
from typing import Any

from services.dispatch.answers import INSIDERS
from services.dispatch.dossier import BROKEN, KEPT, Dossier, Member, finding
from shared.domain.calendar import CITY_ZONE, in_city
from shared.domain.matters import MatterClosed, MatterEntry, MatterReopened, TicketDetached
from shared.domain.rulebook import Rulebook
from shared.domain.words import Reached, Satisfaction, YesNo
from shared.labels import ESCALATIONS, FOLLOW_UP_LEVELS, SATISFACTIONS, VALUATIONS

Line = tuple[datetime, str]
END_OF_DAY = time(23, 59, 59)
LAYERS = {1: "上级平台认定重复", 2: "同一来电人重复反映", 3: "多人同诉"}


def tell_story(dossier: Dossier, answer: dict[str, Any], rulebook: Rulebook) -> list[str]:
    """`answer` is the dossier as answered: the story tells nothing that it does not hold."""
    lines = [
        *_complaints(dossier, answer),
        *_visits(dossier, answer, rulebook),
        *_supervisions(answer),
        *_outcomes(dossier),
        *_promises(answer, dossier.now),
        *_history(dossier),
    ]
    ordered = sorted(lines, key=lambda line: line[0])
    return [f"{_day(at)} {text}" for at, text in ordered] + [_summary(dossier, answer)]


def _complaints(dossier: Dossier, answer: dict[str, Any]) -> Iterator[Line]:
    for n, (member, told) in enumerate(
        zip(dossier.members, answer["tickets"], strict=True), start=1
    ):
        who = _caller(told.get("caller"))
        why = told["repeat"] or told["joined"] or {}
        layer = LAYERS.get(why.get("layer", 0), "并入本事项")
        again = "首次反映" if n == 1 else f"第{n}次反映（{layer}）"
        title = told["title"] or "（无标题）"
        yield member.ticket.received_at, f"{who}{again}：{title}（{member.ticket.no}）。"


def _caller(caller: dict[str, str] | None) -> str:
    if not caller:
        return "市民"
    phone = f"（{caller['phone']}）" if caller.get("phone") else ""
    return f"市民{caller.get('name', '')}{phone}"


def _visits(dossier: Dossier, answer: dict[str, Any], rulebook: Rulebook) -> Iterator[Line]:
    for visit in answer["site_visits"]:
        unit = rulebook.units.get(visit["unit"] or "")
        who = unit.name if unit is not None else visit["by"]
        promises = "；".join(
            f"{_owner(one['owner'], rulebook)}承诺{_month_day(one['due_on'])}前“{one['text']}”"
            for one in visit["commitments"]
        )
        text = f"现场查看（{who}）：{visit['findings']}"
        yield _at(visit["at"]), text + (f"{promises}。" if promises else "")


def _owner(owner: str, rulebook: Rulebook) -> str:
    unit = rulebook.units.get(owner)
    return unit.name if unit is not None else owner


def _supervisions(answer: dict[str, Any]) -> Iterator[Line]:
    for one in answer["supervisions"]:
        why = ESCALATIONS[one["cause"]] if one["cause"] else one["text"] or "未附说明"
        head = "督办自动升至" if one["cause"] else "督办"
        yield _at(one["at"]), f"{head}（{one['level']}级）：{_sentence(why)}"


def _outcomes(dossier: Dossier) -> Iterator[Line]:
    for member in dossier.members:
        yield from _outcome(member)


def _outcome(member: Member) -> Iterator[Line]:
    ticket, texts = member.ticket, member.texts
    for work in ticket.works:
        if ticket.assist(work.unit) is None:  # what assists did, the dossier lists
            yield work.at, f"处置：{_sentence(texts.get((work.seq, 'work')))}"
    feedback = ticket.feedback
    if feedback is not None:
        found = finding(ticket)
        valued = VALUATIONS[feedback.case_valuation]
        summary = texts.get((feedback.seq, "summary"))
        yield feedback.at, f"反馈认定“{found or '未作认定'}”，{valued}：{summary}"
    for one in ticket.follow_ups:
        yield one.at, f"{FOLLOW_UP_LEVELS[one.level]}回访：{_rating(one)}。"


def _rating(follow_up: Any) -> str:
    if follow_up.reached is not Reached.YES:
        return "未接通" if follow_up.reached is Reached.UNREACHABLE else "拒访"
    parts = [f"市民评价“{SATISFACTIONS[follow_up.overall]}”"]
    if follow_up.overall is Satisfaction.DISSATISFIED or follow_up.solved is YesNo.NO:
        parts.append("转入重办" if follow_up.redo else "问题未解决")
    return "，".join(parts)


def _promises(answer: dict[str, Any], now: datetime) -> Iterator[Line]:
    for one in answer["commitments"]:
        end = datetime.fromisoformat(one["due_on"])
        due = datetime.combine(end.date(), END_OF_DAY, CITY_ZONE)
        if one["state"] == KEPT:
            yield _at(one["kept_at"]), f"承诺“{one['text']}”按期落实。"
        if one["state"] == BROKEN and due <= now:
            yield due, f"承诺“{one['text']}”到期未见落实。"
        if one["state"] == BROKEN and one["kept_at"] is not None:
            yield _at(one["kept_at"]), f"承诺“{one['text']}”逾期后落实。"


def _history(dossier: Dossier) -> Iterator[Line]:
    if dossier.reader.role not in INSIDERS:
        return
    for entry in dossier.log:
        text = _entry(dossier, entry)
        if text is not None:
            yield entry.occurred_at, text


def _entry(dossier: Dossier, entry: MatterEntry) -> str | None:
    words = dossier.words
    match entry.event:
        case MatterClosed():
            return f"事项结案（{entry.actor.name}）：{words.get((entry.seq, 'reason'))}"
        case MatterReopened(ticket=ticket):
            return f"又有新件{ticket}，事项重新打开。"
        case TicketDetached(ticket=ticket):
            return f"{ticket}移出本事项：{words.get((entry.seq, 'reason')) or '改归其他事项'}"
        case _:
            text = words.get((entry.seq, "text"))
            return None if text is None else f"记事（{entry.actor.name}）：{text}"


def _summary(dossier: Dossier, answer: dict[str, Any]) -> str:
    """How it stands now, in one line."""
    made = answer["commitments"]
    kept = sum(one["state"] == KEPT for one in made)
    state = "进行中" if dossier.matter.is_open else "已结案"
    last = answer["last_complaint_at"]
    quiet = (in_city(dossier.now).date() - _at(last).date()).days if last else 0
    found = "、".join(
        f"“{one['finding']}”{one['tickets']}件" for one in answer["findings"]["found"]
    )
    return (
        f"至{_day(dossier.now)}：{state}；共{len(dossier.members)}件，"
        f"{answer['callers']['distinct']}位来电人；认定{found or '尚无'}；"
        f"现场承诺{len(made)}项，按期落实{kept}项；距最近一次反映已{quiet}天。"
    )


def _sentence(text: str | None) -> str:
    return "（无文字）" if not text else text.rstrip("。") + "。"


def _at(told: str) -> datetime:
    return datetime.fromisoformat(told)


def _day(at: datetime) -> str:
    day = in_city(at)
    return f"{day.year}年{day.month}月{day.day}日"


def _month_day(day: str) -> str:
    read = datetime.fromisoformat(day)
    return f"{read.month}月{read.day}日"
