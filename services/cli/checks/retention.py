"""Whether what is kept no longer goes: tickets left out, a day that was not done."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import text

from services.cli.checks.finding import Finding, watch
from shared.domain.calendar import in_city
from shared.tickets import Hotline

BUREAUS = text("SELECT bureau_id, slug FROM minhu_bureaus()")
LATEST = text(
    "SELECT day, left_out, finished_at FROM retention_runs WHERE bureau_id = :bureau"
    " ORDER BY day DESC LIMIT 1"
)


async def check_retention(hotline: Hotline) -> list[Finding]:
    """Says nothing where nothing is wrong."""
    async with hotline.database.unscoped() as connection:
        bureaus = (await connection.execute(BUREAUS)).all()
    findings: list[Finding] = []
    for bureau in bureaus:
        async with hotline.database.transaction(bureau.bureau_id, writing=False) as tx:
            row = await tx.row(LATEST, bureau=bureau.bureau_id)
            findings += judge_run(bureau.slug, row, in_city(tx.now).date())
    return findings


def judge_run(slug: str, run: Any, today: date) -> Iterator[Finding]:
    subject = f"{slug} 的到期清除"
    if run is None:
        return
    if run.left_out:
        told = f"{run.day} 有 {run.left_out} 件出错而略过"
        yield watch(subject, told, "次日会再试；原因见后台日志里的 ticket not erased")
    if run.finished_at is None and run.day < today:
        yield watch(subject, f"{run.day} 没有做完", "请看后台（minhu worker）是否在运行")
