"""Everything that shows many tickets at once: lists, feeds, sheets, states, figures."""

from pathlib import Path

import orjson

from tests.canary.asking import CITY, Crew, side_by_side
from tests.canary.people import Person
from tests.canary.working import LEAD

MONTH = "period=2026-11"
WHO = ("desk", "admin", "bi", LEAD)
LISTS = (
    ("dispatch", "/v1/tickets?limit=500"),
    ("dispatch", "/v1/events?limit=500"),
    ("dispatch", "/v1/notices?limit=500"),
    ("dispatch", "/v1/matters?limit=200"),
    ("dispatch", "/v1/dead-letters?limit=500"),
    ("dispatch", "/v1/subscriptions"),
    ("dispatch", "/v1/emergency"),
    ("dispatch", "/v1/emergency/history"),
    ("intake", "/v1/quarantine?limit=500"),
    ("intake", "/v1/reconciliation-cases?limit=500"),
    ("intake", f"/v1/sources/{CITY}/deliveries?limit=500"),
    ("scoring", "/v1/facts?limit=500"),
    ("scoring", "/v1/facts?format=csv"),
    ("scoring", f"/v1/scores?{MONTH}"),
    ("scoring", f"/v1/scores?{MONTH}&by=executor"),
    ("scoring", f"/v1/scores?{MONTH}&by=section"),
    ("scoring", f"/v1/scores?{MONTH}&by=street"),
    ("scoring", f"/v1/scores?{MONTH}&by=category"),
    ("scoring", f"/v1/scores/check?{MONTH}"),
    ("scoring", f"/v1/scores/tickets?{MONTH}&metric=repeat_rate&part=den&limit=500"),
    ("scoring", f"/v1/ranks?{MONTH}"),
    ("scoring", f"/v1/flags?{MONTH}"),
    ("scoring", "/v1/periods"),
    ("scoring", "/v1/inspections"),
    ("scoring", "/v1/media-items"),
    ("scoring", f"/v1/sanitation?{MONTH}"),
    ("scoring", f"/v1/deductions?{MONTH}"),
    ("scoring", "/v1/city-ranks"),
    ("scoring", "/v1/schemes"),
)
MOST_PAGES = 40
OPEN = ("/readyz", "/livez", "/openapi.json", "/sandbox/clock")


async def read_lists(crew: Crew) -> None:
    await side_by_side(
        read_pages(crew, service, who, path) for service, path in LISTS for who in WHO
    )
    for path in ("/v1/callback/deliveries", "/v1/callback"):
        await crew.look(CITY, path, what=path)
    for service in crew.clients:
        for path in OPEN:
            await crew.ask(service, "nobody", "GET", path)


async def read_pages(crew: Crew, service: str, who: str, path: str) -> None:
    after: str | None = None
    for _ in range(MOST_PAGES):
        link = path if after is None else after
        answer = await crew.ask(service, who, "GET", link, what=path.partition("?")[0])
        link = answer.headers.get("link", "")
        if not answer.is_success or not link or '"items":[]' in answer.text[:20]:
            return
        after = link[link.index("<") + 1 : link.index(">")]


async def read_numbers(crew: Crew) -> dict[str, str]:
    """Our number by the platform's."""
    found: dict[str, str] = {}
    after: str | None = "/v1/tickets?limit=500"
    while after is not None:
        answer = await crew.ask("dispatch", "desk", "GET", after, what="/v1/tickets")
        for one in orjson.loads(answer.content)["items"]:
            found |= {told["no"]: one["no"] for told in one["upstream"]}
        link = answer.headers.get("link", "")
        after = link[link.index("<") + 1 : link.index(">")] if link else None
    return found


async def redrive(crew: Crew) -> None:
    """Whatever was parked, by the admin; listed before, with its errors."""
    await crew.ask("dispatch", "admin", "GET", "/v1/dead-letters?limit=500")
    body = {"subscriber": "intake"}
    await crew.ask("dispatch", "admin", "POST", "/v1/dead-letters/redrive", body=body)


async def read_metrics(crew: Crew, into: Path) -> None:
    for service, client in crew.clients.items():
        (into / f"{service}.txt").write_bytes((await client.get("/metrics")).content)


async def write_registers(crew: Crew, person: Person) -> None:
    """What scoring and leaders are told: no ticket's caller is known there, only what all hide."""
    others = person.others
    inspection = {"month": "2026-11", "contractor": "chengfa-sanitation", "road": "江宁路"}
    inspection |= {"score": "94.50", "inspected_on": "2026-11-12", "note": others}
    media = {"month": "2026-11", "contractor": "chengfa-sanitation", "title": others}
    media |= {"published_on": "2026-11-15", "outlet": "示例晚报"}
    until = "2026-11-20T06:00:00+08:00"
    plan = {"active": True, "until": until, "reason": others, "overrides": {"push": False}}
    plan["scope"] = {"keywords": ["台风倒伏"]}
    made = await crew.ask("scoring", "desk", "POST", "/v1/inspections", body=inspection)
    item = await crew.ask("scoring", "desk", "POST", "/v1/media-items", body=media)
    for path, one in (("inspections", made), ("media-items", item)):
        at = f"/v1/{path}/{one.json()['id']}/withdraw"
        await crew.ask("scoring", "desk", "POST", at, what="withdraw", body={"reason": others})
    await crew.ask("dispatch", "leader", "PUT", "/v1/emergency", body=plan)
    over = {"active": False, "reason": others}
    await crew.ask("dispatch", "leader", "PUT", "/v1/emergency", body=over)
    await crew.ask("scoring", "leader", "POST", "/v1/periods/2026-10/freeze", body={})
    again = {"reason": others}
    await crew.ask("scoring", "leader", "POST", "/v1/periods/2026-10/freeze", body=again)
    draft = {"id": person.phone, "title": others, "weights": {person.name: person.phone}}
    await crew.ask("scoring", "admin", "POST", "/v1/schemes", body=draft)
    sheet = f"月份,{person.phone},单位\n2026-11,{person.name},{person.phone}\n".encode()
    headers = {"Content-Type": "text/csv"}
    at = "/v1/inspections"
    await crew.ask("scoring", "desk", "POST", at, what="sheet", body=sheet, headers=headers)


async def work_on_matters(crew: Crew, person: Person, numbers: dict[str, str]) -> None:
    """Two tickets put together, told of, taken apart."""
    one, other = list(numbers.values())[:2]
    listed = await crew.ask("dispatch", "desk", "GET", "/v1/matters?limit=1")
    if not listed.json()["items"]:
        return
    matter = f"/v1/matters/{listed.json()['items'][0]['id']}"
    said = person.words[:480]
    for action, body in (
        ("attach", {"ticket": one, "reason": said}),
        ("attach", {"ticket": other, "reason": said}),
        ("note", {"text": said, "measure": True}),
        ("detach", {"ticket": other, "reason": said}),
        ("close", {"reason": said}),
    ):
        path = f"{matter}/{action}"
        await crew.ask("dispatch", "desk", "POST", path, what=f"matter {action}", body=body)
    await crew.ask("dispatch", "leader", "GET", matter, what="matter")
