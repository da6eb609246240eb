"""A platform's list of a day, and what becomes of the differences."""

from datetime import datetime

from tests.crash.stage import Stage, ask_until_answered
from tests.intake.receiver import receiving
from tests.platform import Platform
from tests.reconcile.lists import Line, found_in, list_body, post

CITY = "city-12345"
DAY = "2026-11-18"
NEW_VERSION = "UPDATE bureaus SET config_version = config_version + 1"
RECEIVED = datetime.fromisoformat("2026-11-18T09:12:00+08:00")


async def compare(stage: Stage) -> None:
    """One number missing on either side, assigned and accepted by the desk."""
    with stage.aside():
        await stage.create("SH-1")
        await stage.create("SH-2")
    await stage.move_clock("2026-11-19T02:00:00+08:00")
    platform = Platform(stage.clients["intake"], CITY, stage.secrets[CITY])
    body = list_body(DAY, [Line("SH-1", RECEIVED), Line("SH-9", RECEIVED)])
    stage.step = "list"
    stage.called.add(f"POST /v1/reconciliations/{CITY}")
    answer = await ask_until_answered(lambda: post(platform, body, "list-1"))
    stage.answers.append(repr(sorted(found_in(answer.json()).items())))
    theirs, ours = await stage.superuser.fetch(
        "SELECT case_id::text FROM reconciliation_cases ORDER BY upstream_no"
    )
    async with receiving() as receiver:
        with stage.aside():
            await stage.superuser.execute("UPDATE sources SET request_url = $1", receiver.url)
            await stage.superuser.execute(NEW_VERSION)
        for case, name, body_of in (
            (theirs[0], "assign", {"unit": "sanitation-section", "person": "王芳"}),
            (theirs[0], "close", {"reason": "平台已确认为其测试件"}),
            (ours[0], "request", {}),
        ):
            stage.step = name
            await stage.post("intake", f"/v1/reconciliation-cases/{case}/{name}", "desk", **body_of)
        await stage.work()
        await stage.end_leases()
        await stage.work()
        asked = {call.headers["webhook-id"]: call.body for call in receiver.heard}
        stage.answers.append(repr(sorted(asked.items())))
