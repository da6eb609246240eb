"""Operations that succeed only when something was done before, or with a body of their own."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from httpx import Response

from shared.identity.sources import set_lists
from tests.access.persons import make_person
from tests.authorisation.callers import CITY, LEAD
from tests.conftest import BUREAU
from tests.fuzz.sound import Sound, Special
from tests.platform import CREATED

SERVICES = ("intake", "dispatch", "scoring")
SLUG = "jingan-lvrong"
SESSION = "W"  # the mark of who asks by a session


async def push(sound: Sound) -> Response:
    body = {
        "type": "ticket.created",
        "timestamp": "2026-11-18T09:20:00+08:00",
        "data": {**CREATED, "upstream_no": "FZ-sound"},
    }
    return await sound.post("intake", "S", f"/v1/webhooks/{CITY}", body)


async def redrive(sound: Sound) -> Response:
    receipt = await sound.stage.refuse_one()
    mend = {
        "type": "ticket.created",
        "timestamp": "2026-11-18T09:20:00+08:00",
        "data": {**CREATED, "upstream_no": "FZ-mended"},
    }
    return await sound.post("intake", "M", f"/v1/quarantine/{receipt}/redrive", mend)


async def register_callback(sound: Sound) -> Response:
    address = {"url": sound.stage.hears}
    return await sound.post("intake", "S", "/v1/callback", address, method="PUT")


async def subscribe(sound: Sound) -> Response:
    body = {"url": sound.stage.hears, "types": ["ticket.dispatched"]}
    return await sound.post("dispatch", "L", "/v1/subscriptions", body)


async def unsubscribe(sound: Sound) -> Response:
    made = (await subscribe(sound)).json()["id"]
    return await sound.post("dispatch", "L", f"/v1/subscriptions/{made}", {}, method="DELETE")


def on_matter(action: str, **body: Any) -> Special:
    async def run(sound: Sound) -> Response:
        if action in ("attach", "detach"):
            body["ticket"] = sound.stage.names["no"]
        if action == "attach":
            body["ticket"], _ = await sound.ticket(1)
        path = f"/v1/matters/{sound.stage.names['matter']}/{action}"
        return await sound.post("dispatch", "D", path, body)

    return run


async def declare(sound: Sound) -> Response:
    plan = {
        "active": True,
        "scope": {"trades": [], "streets": [], "keywords": ["暴雪"]},
        "overrides": {"push": False},
        "until": "2026-11-29T06:00:00+08:00",
        "reason": "暴雪黄色预警",
    }
    return await sound.post("dispatch", "E", "/v1/emergency", plan, method="PUT")


async def activate(sound: Sound) -> Response:
    path = "/v1/schemes/{scheme}/{version}/activate".format_map(sound.stage.names)
    return await sound.post("scoring", "E", path, {"from": "2026-12"})


async def freeze(sound: Sound) -> Response:
    body = {"reason": "补录迟到的回访结果"}
    return await sound.post("scoring", "E", "/v1/periods/2026-10/freeze", body)


async def settle(sound: Sound, service: str) -> Response:
    await sound.stage.drain()
    return await sound.post(service, "D", "/sandbox/settle", {"timeout_seconds": 5})


async def keep_clock(sound: Sound, service: str) -> Response:
    now = (await sound.stage.ask(service, "D", "GET", "/sandbox/clock")).json()
    return await sound.post(service, "D", "/sandbox/clock", now, method="PUT")


async def assign(sound: Sound) -> Response:
    path = f"/v1/reconciliation-cases/{sound.stage.names['case_id']}/assign"
    return await sound.post("intake", "D", path, {"unit": LEAD, "person": "王芳"})


async def ask_again(sound: Sound) -> Response:
    """For a message that the platform has and we have not, once it says where it is asked."""
    missing = {
        "upstream_no": "FZ-missing",
        "state": "received",
        "received_at": "2026-11-18T09:00:00+08:00",
        "completed_at": None,
    }
    listed = {"day": "2026-11-18", "tickets": [missing]}
    found = await sound.post("intake", "S", f"/v1/reconciliations/{CITY}", listed)
    async with sound.stage.hotline.database.transaction(BUREAU) as tx:
        await set_lists(tx.connection, BUREAU, CITY, request_url=sound.stage.hears)
    case = found.json()["missing_here"][0]["case"]
    return await sound.post("intake", "D", f"/v1/reconciliation-cases/{case}/request", {})


async def sign_in(sound: Sound) -> Response:
    sound.made += 1
    name = f"fuzz-{sound.made}"
    person = await make_person(sound.stage.hotline, name)
    person.account = f"{name}@{SLUG}"
    return await person.sign_in(sound.stage.clients["dispatch"])


async def sign_out(sound: Sound) -> Response:
    sound.stage.callers.keys[SESSION] = (await sign_in(sound)).json()["token"]
    return await sound.post("dispatch", SESSION, "/v1/session", {}, method="DELETE")


SPECIAL: Mapping[str, Special] = {
    "intake POST /v1/webhooks/{source}": push,
    "intake PUT /v1/callback": register_callback,
    "intake POST /v1/quarantine/{receipt}/redrive": redrive,
    "intake POST /v1/reconciliation-cases/{case_id}/assign": assign,
    "intake POST /v1/reconciliation-cases/{case_id}/request": ask_again,
    "dispatch POST /v1/session": sign_in,
    "dispatch DELETE /v1/session": sign_out,
    "dispatch POST /v1/subscriptions": subscribe,
    "dispatch DELETE /v1/subscriptions/{subscription}": unsubscribe,
    "dispatch PUT /v1/emergency": declare,
    "dispatch POST /v1/matters/{matter}/attach": on_matter("attach", reason="同一压缩站"),
    "dispatch POST /v1/matters/{matter}/detach": on_matter("detach", reason="另一处"),
    "dispatch POST /v1/matters/{matter}/note": on_matter("note", text="夜间复查"),
    "scoring POST /v1/schemes/{scheme}/{version}/activate": activate,
    "scoring POST /v1/periods/{period}/freeze": freeze,
    **{f"{one} POST /sandbox/settle": partial(settle, service=one) for one in SERVICES},
    **{f"{one} PUT /sandbox/clock": partial(keep_clock, service=one) for one in SERVICES},
}
