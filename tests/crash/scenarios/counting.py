"""What is written to the scores: by hand, by time, from the beginning."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.cli.worker import all_handlers
from services.scoring.actions.recompute import begin_rebuilding
from shared.events.subscriptions import SCORING
from shared.tickets import Ledger
from shared.worker.deliveries import Delivery
from tests.conftest import BUREAU
from tests.crash.scenarios.handling import walk
from tests.crash.stage import Stage, go_on
from tests.scoring.sanitation import inspection, media_item

ATTEMPTS = "SELECT seq, attempts, first_error, last_error FROM deliveries ORDER BY seq"
SCHEME: Mapping[str, Any] = {
    "id": "ja-default",
    "title": "综合考核（解释亦计）",
    "weights": {"actual_resolution_rate": "50", "satisfaction_score": "50"},
    "resolution_mode": "explained_counts",
    "bonus": {},
    "penalty": {"overdue": "2"},
}


async def register(stage: Stage) -> None:
    """Inspections and media items, revised and withdrawn."""
    stage.step = "inspect"
    kept = await stage.post("scoring", "/v1/inspections", "desk", **inspection())
    await stage.post("scoring", "/v1/inspections", "desk", **inspection(score="90.00"))
    stage.step = "withdraw"
    path = f"/v1/inspections/{kept['id']}/withdraw"
    await stage.post("scoring", path, "desk", reason="路段记错")
    stage.step = "media"
    item = await stage.post("scoring", "/v1/media-items", "desk", **media_item())
    path = f"/v1/media-items/{item['id']}/withdraw"
    await stage.post("scoring", path, "desk", reason="并非本区")
    await stage.work()


async def draft_and_activate(stage: Stage) -> None:
    stage.step = "draft"
    await stage.post("scoring", "/v1/schemes", "admin", **SCHEME)
    stage.step = "activate"
    path = "/v1/schemes/ja-default/2/activate"
    await stage.post("scoring", path, "leader", **{"from": "2026-12"})


async def freeze(stage: Stage) -> None:
    """By hand, and again with a reason."""
    with stage.aside():
        await stage.create("SH-1")
    await stage.move_clock("2026-12-02T10:00:00+08:00")
    stage.step = "freeze"
    await stage.post("scoring", "/v1/periods/2026-11/freeze", "leader")
    again = {"reason": "补录迟到的回访结果"}
    await stage.post("scoring", "/v1/periods/2026-11/freeze", "leader", **again)
    await stage.work()


async def let_time_pass(stage: Stage) -> None:
    """Warnings, misses and a supervision by themselves; then the month freezes by itself."""
    with stage.aside():
        no = await stage.create("SH-1")
        await walk(stage, no, until="dispatch")
    for moment in ("2026-11-19T10:00:00+08:00", "2026-12-31T10:00:00+08:00"):
        await stage.move_clock(moment)
        await stage.work()


async def begin_again(stage: Stage) -> None:
    """Facts thrown away and folded anew."""
    with stage.aside():
        for upstream_no in ("SH-1", "SH-2"):
            await stage.create(upstream_no)
    stage.step = "begin"
    await go_on(lambda: begin_rebuilding(stage.hotline, BUREAU))
    await stage.work()


async def clear_old_answers(stage: Stage) -> None:
    with stage.aside():
        no = await stage.create("SH-1")
        await walk(stage, no, until="triage")
        await stage.superuser.execute(
            "UPDATE idempotency_keys SET created_at = created_at - interval '8 days'"
        )
    await stage.keep_house()
    await stage.work()


async def refuse_to_fold(ledger: Ledger, deliveries: Sequence[Delivery]) -> None:
    raise ValueError(f"{ledger.tx.bureau}: {len(deliveries)}")


async def fail_and_recover(stage: Stage) -> None:
    """A handler that cannot is counted once a try, and catches up when it can."""
    with stage.aside():
        no = await stage.create("SH-1")
        await walk(stage, no, until="triage")
    stage.handlers[SCORING] = refuse_to_fold
    for _ in range(2):
        await stage.work()
        with stage.aside():
            counted = await stage.superuser.fetch(ATTEMPTS)
            await stage.superuser.execute("UPDATE deliveries SET next_try_at = clock_timestamp()")
        stage.answers.append(repr([tuple(row) for row in counted]))
    stage.handlers[SCORING] = all_handlers()[SCORING]
    await stage.work()


async def drive_again(stage: Stage) -> None:
    """What was given up is driven again: one by its name, then the rest of its receiver's."""
    with stage.aside():
        await stage.create("SH-1")
        no = await stage.create("SH-2")
        await walk(stage, no, until="triage")
        await stage.superuser.execute(
            "UPDATE deliveries SET attempts = 8, parked_at = clock_timestamp(), last_error = 'x'"
        )
        first = await stage.superuser.fetchval(
            "SELECT format('%s.%s.%s', subscriber, stream_id, seq) FROM deliveries"
            " WHERE subscriber = 'scoring' ORDER BY stream_id, seq LIMIT 1"
        )
    stage.step = "redrive"
    await stage.post("dispatch", f"/v1/dead-letters/{first}/redrive", "admin")
    await stage.post("dispatch", "/v1/dead-letters/redrive", "admin", subscriber=SCORING)
    await stage.work()
