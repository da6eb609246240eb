"""What a corrected calendar or limit changes of clocks already set: listed, then applied."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import typer

from shared.domain.calendar import in_city
from shared.domain.corrections import Correction
from shared.domain.explain import DEEDS
from shared.tickets import Hotline
from shared.tickets.corrections import Corrected, Planned, apply_corrections, find_corrections

VERDICTS: Mapping[str, str] = {"running": "进行中", "met": "按时", "missed": "超时"}
TRIED = "试算，未作任何改动"
DONE = "已记入各件的事件日志"
NOTHING = "已定的时限一概照旧"


@dataclass(frozen=True, slots=True)
class Plan:
    """`since`: nothing due before it can change; None, and nothing changes at all."""

    planned: Planned
    since: datetime | None


async def correct(hotline: Hotline, bureau: int, plan: Plan, *, dry: bool) -> list[Corrected]:
    if plan.since is None:
        return []
    if dry:
        return await find_corrections(hotline, bureau, plan.planned, since=plan.since)
    return await apply_corrections(hotline, bureau, since=plan.since)


def report(found: list[Corrected], *, dry: bool) -> None:
    """One line for every clock, then how many."""
    for one in found:
        typer.echo(describe(one))
    tickets = len({one.no for one in found})
    flips = sum(one.before != one.after for one in found)
    told = TRIED if dry else DONE if found else NOTHING
    typer.echo(f"{tickets} 件工单的 {len(found)} 个时限改变，其中 {flips} 个判定改变；{told}")


def describe(one: Corrected) -> str:
    before, after = one.correction.before, one.correction.after
    unit = f"（{before.unit}）" if before.unit is not None else ""
    return (
        f"{one.no} 第{before.round}轮 {DEEDS[before.name]}{unit}："
        f"{due_of(one.correction)}，{VERDICTS[one.before]} → {VERDICTS[one.after]}"
        + ("" if before.rule == after.rule else f"（{before.rule} → {after.rule}）")
    )


def due_of(correction: Correction) -> str:
    before, after = correction.before.due, correction.after.due
    assert before is not None
    assert after is not None
    return f"{in_city(before):%Y-%m-%d %H:%M:%S} → {in_city(after):%Y-%m-%d %H:%M:%S}"
