"""The work itself: bureaus and their rules, what is owed, the sandbox's clock."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.cli.checks.finding import Finding, bad, good, watch
from shared.domain.calendar import CITY_ZONE, WorkCalendar
from shared.errors import Unavailable
from shared.events.subscriptions import INTERNAL
from shared.identity.sources import SourceStore
from shared.settings import Settings
from shared.tickets import Hotline
from shared.tickets.vitals import Owed, read_messages, read_owed, read_standing
from shared.vault.keyring import SealBroken

BUREAUS = text("SELECT bureau_id, slug FROM minhu_bureaus()")
ERRORS = text(
    "SELECT DISTINCT subscriber || ' ' || last_error AS told FROM deliveries"
    " WHERE bureau_id = :bureau AND parked_at IS NOT NULL AND last_error IS NOT NULL"
    " ORDER BY told LIMIT 3"
)
STATES = ("waiting", "quarantined")
CLOCK = text("SELECT now_at FROM sandbox_clock")


async def check_bureaus(hotline: Hotline, *, is_running: bool) -> list[Finding]:
    async with hotline.database.unscoped() as connection:
        bureaus = (await connection.execute(BUREAUS)).all()
    if not bureaus:
        return [watch("机构", "还没有任何局", "请运行 minhu org load 载入机构文件")]
    findings = []
    for bureau in bureaus:
        findings.append(await check_rules(hotline, bureau))
        async with hotline.database.transaction(bureau.bureau_id, writing=False) as tx:
            errors = [row.told for row in await tx.rows(ERRORS, bureau=bureau.bureau_id)]
        owed = await read_owed(hotline, bureau.bureau_id)
        messages = await read_messages(hotline, bureau.bureau_id)
        patience = hotline.settings.max_pending_seconds if is_running else float("inf")
        findings += [
            judge_queue(bureau.slug, owed, errors, patience),
            judge_balance(bureau.slug, owed),
            judge_messages(bureau.slug, messages),
            *judge_standing(bureau.slug, await read_standing(hotline, bureau.bureau_id)),
        ]
    return findings


async def check_rules(hotline: Hotline, bureau: Any) -> Finding:
    subject = f"{bureau.slug} 的日历与时限"
    try:
        async with hotline.database.transaction(bureau.bureau_id, writing=False) as tx:
            rulebook, now = await hotline.rulebooks.of(tx), tx.now
    except Unavailable:
        return bad(subject, "缺少日历或时限", "请再次运行 minhu org load，自带的日历和时限会补上")
    return judge_calendar(subject, rulebook.calendar_at(now), now)


def judge_calendar(subject: str, calendar: WorkCalendar, now: datetime) -> Finding:
    """Dues reach over the year's end: this year and the next must be known."""
    year = now.astimezone(CITY_ZONE).year
    covered = {day.year for day in calendar.exceptions} | calendar.provisional_years
    load = "国务院办公厅公布后，请运行 minhu calendar load 载入"
    absent = [str(one) for one in (year, year + 1) if one not in covered]
    if absent:
        return bad(subject, f"日历 {calendar.version} 缺少 {'、'.join(absent)} 年", load)
    provisional = [str(one) for one in (year, year + 1) if one in calendar.provisional_years]
    if provisional:
        return watch(
            subject, f"日历 {calendar.version} 中 {'、'.join(provisional)} 年为暂定，没有调休", load
        )
    return good(subject, f"日历 {calendar.version} 含 {year} 与 {year + 1} 年")


def judge_queue(slug: str, owed: Sequence[Owed], errors: Sequence[str], patience: float) -> Finding:
    subject = f"{slug} 的应投递"
    pending, parked = sum(one.pending for one in owed), sum(one.parked for one in owed)
    retrying = sum(one.retrying for one in owed)
    own = [one.oldest for one in owed if one.subscriber in INTERNAL]
    text = f"待处理 {pending}，搁置 {parked}" + (f"，出错待重试 {retrying}" if retrying else "")
    if max(own, default=0.0) > patience:
        return bad(
            subject,
            f"{text}，最早的已等 {max(own):.0f} 秒",
            "请确认 minhu worker 在运行，看其日志",
        )
    if parked:
        told = "；".join(errors or ["没有记下原因"])
        return watch(
            subject,
            f"{text}（{told}）",
            "搁置的不再自动重试；请看 minhu dead-letters list，除去原因后用 redrive 重投",
        )
    if retrying:
        failing = "、".join(one.subscriber for one in owed if one.retrying)
        return watch(subject, f"{text}（{failing}）", "会自动重试；对方系统的，请联系对方")
    return good(subject, text)


def judge_balance(slug: str, owed: Sequence[Owed]) -> Finding:
    """What was produced is handled, owed or parked. Anything else was lost, or came twice."""
    subject = f"{slug} 的投递账"
    produced, handled = sum(one.produced for one in owed), sum(one.handled for one in owed)
    wrong = [one for one in owed if one.mismatch]
    if wrong:
        told = "、".join(f"{one.subscriber} 差 {one.mismatch}" for one in wrong)
        return bad(
            subject,
            f"产生 {produced}，送达 {handled}，对不上（{told}）",
            "投递被程序以外的手段删改过，或数据恢复不全；请查明，再运行 minhu recompute --verify",
        )
    return good(subject, f"产生 {produced} = 送达 {handled} + 待处理 + 搁置，分毫不差")


def judge_messages(slug: str, messages: Mapping[str, tuple[int, float]]) -> Finding:
    subject = f"{slug} 的平台消息"
    waiting, quarantined = (messages.get(state, (0, 0.0))[0] for state in STATES)
    text = f"等待建单 {waiting}，隔离 {quarantined}"
    if quarantined:
        return watch(subject, text, "请以 admin 密钥查看 GET /v1/quarantine，改正后 redrive")
    return good(subject, text)


def judge_standing(slug: str, rows: Sequence[Any]) -> Iterator[Finding]:
    """Endpoints in trouble: says nothing where there are none."""
    disabled = [row.name for row in rows if row.kind == "endpoint"]
    failing = [row.name for row in rows if row.kind == "failing"]
    if disabled:
        told = "、".join(disabled)
        mend = "请联系对方；修好后重新启用，积下的会接着送"
        yield bad(f"{slug} 的接收端", f"已停用 {told}", mend)
    if failing:
        yield watch(
            f"{slug} 的接收端", f"一直送不到 {'、'.join(failing)}", "会自动重试，请联系对方"
        )


async def check_sources(hotline: Hotline) -> Finding:
    """Do the stored secrets open with this keyring?"""
    try:
        known = await SourceStore(hotline.database, hotline.keyring).read()
    except SealBroken:
        return bad("上级平台", "签名密钥解不开，密钥文件与数据不配", "请从备份恢复当时的密钥文件")
    if not known:
        return watch("上级平台", "尚未登记", "请运行 minhu sources add 登记")
    return good("上级平台", "、".join(known))


async def check_clock(connection: AsyncConnection, settings: Settings) -> list[Finding]:
    """Says nothing where time is real."""
    now = (await connection.execute(CLOCK)).scalar()
    if now is None:
        return []
    shown = f"虚拟时间 {now.astimezone(CITY_ZONE):%Y-%m-%d %H:%M}"
    if settings.env == "production":
        return [bad("沙箱时钟", shown, "生产环境不得使用沙箱的数据，请另建数据库")]
    return [good("沙箱时钟", shown)]
