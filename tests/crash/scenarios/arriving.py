"""What platforms push: kept, applied, gathered, folded."""

from tests.crash.stage import Stage
from tests.matters.test_repeats import AT_100, CATEGORY
from tests.platform import CREATED

LATER = "2026-11-18T09:20:00+08:00"


async def arrive(stage: Stage) -> None:
    """A ticket, its repeat by the same caller, and a change to it."""
    await stage.create("SH-1", **CATEGORY, **AT_100)
    await stage.create("SH-2", **CATEGORY, **AT_100)
    await stage.push("ticket.updated", at=LATER, upstream_no="SH-1", title="压缩站旁又有垃圾")
    await stage.push("ticket.urged", at=LATER, upstream_no="SH-1", text="请尽快")
    await stage.work()


async def arrive_out_of_order(stage: Stage) -> None:
    """Words on a ticket that nobody knows yet wait for it."""
    await stage.push("ticket.updated", at=LATER, upstream_no="SH-1", title="压缩站旁又有垃圾")
    await stage.work()
    await stage.create("SH-1")


async def arrive_spoilt(stage: Stage) -> None:
    """Kept aside, mended by hand, driven again."""
    spoilt = {**CREATED, "urgency": "whatever", "upstream_no": "SH-1"}
    receipt = await stage.push("ticket.created", **spoilt)
    await stage.work()
    stage.step = "redrive"
    await stage.post(
        "intake", f"/v1/quarantine/{receipt}/redrive", "admin", data={"urgency": "normal"}
    )
    await stage.work()


async def arrive_with_a_rank(stage: Stage) -> None:
    """Both platforms on one matter, and the city's table of the month."""
    await stage.create("SH-1", other_nos=["JA-1"])
    data = {**CREATED, "upstream_no": "JA-1"}
    await stage.push("ticket.created", "district-platform", **data)
    await stage.push("rank.published", scope="trade", period="2026-10", rank=2, of=16)
    await stage.work()
