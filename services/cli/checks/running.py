"""What runs: workers, clocks, transactions left open, connections."""

import time
from collections.abc import Iterator

from services.cli.checks.finding import Finding, bad, good, watch
from shared.tickets import Hotline
from shared.tickets.vitals import (
    CONNECTIONS_SHARE,
    HORIZON_SECONDS,
    SKEW_SECONDS,
    Vitals,
    read_owed,
    read_vitals,
)


async def check_running(hotline: Hotline, *, is_running: bool) -> list[Finding]:
    """`is_running`: a worker is expected."""
    vitals = await read_vitals(hotline, time.time)
    pending = 0
    for bureau in await hotline.bureaus():
        pending += sum(one.pending for one in await read_owed(hotline, bureau))
    findings = [*judge_server(vitals)]
    if is_running:
        findings = [judge_workers(vitals, pending), *judge_sweeps(vitals), *findings]
    return findings


def judge_workers(vitals: Vitals, pending: int) -> Finding:
    subject = "后台进程"
    if vitals.living:
        return good(subject, f"{len(vitals.living)} 个，{vitals.living[0].beat:.0f} 秒前有心跳")
    last = f"，最后的心跳在 {vitals.workers[0].beat:.0f} 秒前" if vitals.workers else ""
    mend = "请启动 minhu worker；工单照收，不会丢"
    if pending:
        return bad(subject, f"没有在运行，{pending} 件无人处理{last}", mend)
    return watch(subject, f"没有在运行{last}", mend)


def judge_sweeps(vitals: Vitals) -> Iterator[Finding]:
    for sweep, kind in vitals.failing.items():
        yield bad("后台工作", f"{sweep} 出错（{kind}），不断重试中", "请看 minhu worker 的日志")


def judge_server(vitals: Vitals) -> Iterator[Finding]:
    if not vitals.is_writable:
        yield bad(
            "数据库", "只读，不能收单", "请查主备切换、磁盘空间或 default_transaction_read_only"
        )
    skew = vitals.worst_skew
    if abs(skew) > SKEW_SECONDS:
        yield bad("时钟", f"本机比数据库快 {skew:.1f} 秒", "请在各台服务器上启用时间同步（NTP）")
    else:
        yield good("时钟", "与数据库一致")
    held = vitals.horizon_seconds
    if held > HORIZON_SECONDS:
        yield bad(
            "数据库事务",
            f"有写事务 {held:.0f} 秒未结束，各订阅停在它之前",
            "请在 pg_stat_activity、pg_prepared_xacts 中找出并结束它",
        )
    else:
        yield good("数据库事务", "没有久开不结的写事务")
    used = f"{vitals.connections} / {vitals.most_connections}"
    if vitals.connections >= CONNECTIONS_SHARE * vitals.most_connections:
        yield bad("数据库连接", f"{used}，快用完了", "请调大 max_connections，或减少进程")
    else:
        yield good("数据库连接", used)
