"""Addresses given to us that lead inside: at registration, by redirect, and from the command."""

import asyncio

import orjson

from services.dispatch.app import create_app as create_dispatch
from services.intake.app import create_app as create_intake
from shared.settings import Settings
from shared.tickets import Hotline
from tests.conftest import served
from tests.dispatch.subscribing import Call, Owner
from tests.factories import BODIES, Desk, make_ticket
from tests.hostile.sending import is_problem, numbers
from tests.platform import Platform

INSIDE = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f.0.0.1/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://0/",
    "https://0.0.0.0/",
    "https://[::]/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:a00:1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::a00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:7f00:1::]/",
    "https://[fd00::1]/",
    "https://[fe80::1]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://198.18.0.1/",
    "https://192.0.0.192/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://localhost/",
    "https://LOCALHOST./",
]
MISLEADING = [
    "http://8.8.8.8/",
    "http://127.0.0.1:9/",
    "https://8.8.8.8@127.0.0.1/",
    "https://user:pass@8.8.8.8/",
    "https://@8.8.8.8/",
    "https://8.8.8.8:0/",
    "https://8.8.8.8:65536/",
    "https://8.8.8.8:-1/",
    "https://8.8.8.8:44 3/",
    "https://8.8.8.8#@127.0.0.1/",
    "https://8.8.8.8\\@127.0.0.1/",
    "https://8.8.8.8/\r\nHost: 127.0.0.1",
    "https://8.8.8.8/\tx",
    "https://127。0。0。1/",
    "https://①②⑦.0.0.1/",
    "https://8.8.8.8%00.example/",
    "https://[::1%25lo]/",
    "https:///etc/passwd",
    "https:8.8.8.8",
    "//8.8.8.8/",
    "file:///etc/passwd",
    "gopher://8.8.8.8/",
    "ftp://8.8.8.8/",
    "redis://127.0.0.1:6379/",
    "javascript:alert(1)",
    "data:text/plain,x",
    "unix:/run/minhu.sock",
    "",
    " ",
]


async def test_ssrf_no_subscription_leads_inside(
    production: Settings, keys: dict[str, str]
) -> None:
    async with served(create_dispatch(production)) as client:
        for url in INSIDE + MISLEADING:
            headers = {
                "Authorization": f"Bearer {keys['sanitation-section']}",
                "Idempotency-Key": f"ssrf-{next(numbers)}",
            }
            body = {"url": url, "types": ["*"]}
            answer = await client.post("/v1/subscriptions", json=body, headers=headers)
            assert is_problem(answer, 422, "invalid"), url
            assert answer.json()["errors"][0]["pointer"] == "/url", url


async def test_ssrf_no_callback_of_a_platform_leads_inside(
    production: Settings, secrets: dict[str, str]
) -> None:
    async with served(create_intake(production)) as client:
        city = Platform(client, "city-12345", secrets["city-12345"])
        for url in INSIDE + MISLEADING:
            body = orjson.dumps({"url": url})
            answer = await client.put("/v1/callback", content=body, headers=city.headers(body))
            assert is_problem(answer, 422, "invalid"), url


async def test_ssrf_a_redirect_is_not_followed(
    desk: Desk, hotline: Hotline, unit: Owner, call: Call
) -> None:
    """The first address was checked, the second was not."""
    heard: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        heard.append(head.split(b" ", 2)[1].decode())
        port = writer.get_extra_info("sockname")[1]
        place = f"http://127.0.0.1:{port}/inside"
        writer.write(f"HTTP/1.1 307 X\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        made = await unit.subscribe(f"http://127.0.0.1:{port}/hear", "ticket.dispatched")
        no = await make_ticket(hotline)
        await desk.act("desk", no, "triage", **BODIES["triage"])
        await desk.act("desk", no, "dispatch", lead=unit.who)
        await call()

    assert heard == ["/hear"]
    (tried,) = (await unit.calls(made["id"]))[0]["tries"]
    assert tried["status"] == 307


async def test_ssrf_what_a_receiver_answers_is_not_shown(
    desk: Desk, hotline: Hotline, unit: Owner, call: Call
) -> None:
    """Else a subscription would be a way to read what only our network may."""
    secret = "inner-secret-7f3a"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = f"HTTP/1.1 500 {secret}\r\nX-Secret: {secret}\r\nContent-Length: 17\r\n\r\n{secret}"
        writer.write(body.encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        made = await unit.subscribe(f"http://127.0.0.1:{port}/hear", "ticket.dispatched")
        no = await make_ticket(hotline)
        await desk.act("desk", no, "triage", **BODIES["triage"])
        await desk.act("desk", no, "dispatch", lead=unit.who)
        await call()

    shown = await unit.send("GET", f"/{made['id']}/deliveries")
    assert shown.json()["items"][0]["tries"][0]["status"] == 500
    assert secret not in shown.text


async def test_links_with_a_script_are_no_evidence(figures: Desk) -> None:
    """A media item's link and an attachment's are opened by people: http and https alone."""
    for url in (
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//x/",
        "https://",
    ):
        item = {
            "month": "2026-11",
            "contractor": "chengfa-sanitation",
            "title": "示例路清晨作业噪声扰民",
            "published_on": "2026-11-15",
            "outlet": "示例晚报",
            "url": url,
        }
        headers = {
            "Authorization": f"Bearer {figures.keys['desk']}",
            "Idempotency-Key": f"link-{next(numbers)}",
        }
        answer = await figures.client.post("/v1/media-items", json=item, headers=headers)
        assert is_problem(answer, 422, "invalid"), url


async def test_attachments_are_links_of_the_web_and_nothing_else(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    await desk.walk(no, until="accept")
    for url in ("javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "\\\\host\\x"):
        body = {**BODIES["dispose"], "attachments": [{"kind": "photo_after", "url": url}]}
        answer = await desk.act("sanitation-section", no, "dispose", **body)
        assert is_problem(answer, 422, "invalid"), url
