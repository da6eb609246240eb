"""The work itself: bureaus and their rules, what is owed, the sandbox's clock."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.cli.checks.finding import Finding, bad, good, watch
from services.cli.installation import SET_BUREAU
from shared.domain.calendar import CITY_ZONE, WorkCalendar
from shared.errors import Unavailable
from shared.identity.sources import SourceStore
from shared.settings import Settings
from shared.tickets import Hotline
from shared.vault.keyring import SealBroken

BUREAUS = text("SELECT bureau_id, slug FROM bureaus ORDER BY bureau_id")
QUEUE = text(
    "SELECT count(*) FILTER (WHERE parked_at IS NULL) AS pending,"
    " count(*) FILTER (WHERE parked_at IS NOT NULL) AS parked,"
    " coalesce(extract(epoch FROM clock_timestamp() - min(created_at)"
    " FILTER (WHERE parked_at IS NULL AND subscriber NOT LIKE 'callback:%')), 0) AS oldest,"
    " (array_agg(DISTINCT subscriber || ' ' || last_error)"
    " FILTER (WHERE parked_at IS NOT NULL AND last_error IS NOT NULL))[1:3] AS errors"
    " FROM deliveries WHERE bureau_id = :bureau"
)
MESSAGES = text(
    "SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting,"
    " count(*) FILTER (WHERE state = 'quarantined') AS quarantined"
    " FROM raw_messages WHERE bureau_id = :bureau AND state IN ('waiting', 'quarantined')"
)
CLOCK = text("SELECT now_at FROM sandbox_clock")


async def check_bureaus(hotline: Hotline, *, is_running: bool) -> list[Finding]:
    async with hotline.database.unscoped() as connection:
        bureaus = (await connection.execute(BUREAUS)).all()
    if not bureaus:
        return [watch("机构", "还没有任何局", "请运行 minhu org load 载入机构文件")]
    findings = []
    for bureau in bureaus:
        findings.append(await check_rules(hotline, bureau))
        async with hotline.database.unscoped() as connection:
            await connection.execute(SET_BUREAU, {"bureau": str(bureau.bureau_id)})
            queue = (await connection.execute(QUEUE, {"bureau": bureau.bureau_id})).one()
            messages = (await connection.execute(MESSAGES, {"bureau": bureau.bureau_id})).one()
        patience = hotline.settings.max_pending_seconds if is_running else float("inf")
        findings += [
            judge_queue(bureau.slug, queue, patience),
            judge_messages(bureau.slug, messages),
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


def judge_queue(slug: str, queue: Any, patience: float) -> Finding:
    subject = f"{slug} 的应投递"
    text = f"待处理 {queue.pending}，搁置 {queue.parked}"
    if queue.oldest > patience:
        return bad(
            subject,
            f"{text}，最早的已等 {queue.oldest:.0f} 秒",
            "请确认 minhu worker 在运行，看其日志",
        )
    if queue.parked:
        errors = "；".join(queue.errors or ["没有记下原因"])
        return watch(subject, f"{text}（{errors}）", "搁置的不再自动重试，请按所示原因处理")
    return good(subject, text)


def judge_messages(slug: str, messages: Any) -> Finding:
    subject = f"{slug} 的平台消息"
    text = f"等待建单 {messages.waiting}，隔离 {messages.quarantined}"
    if messages.quarantined:
        return watch(subject, text, "请以 admin 密钥查看 GET /v1/quarantine，改正后 redrive")
    return good(subject, text)


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
