"""Paths, methods and headers that would have us take one thing for another."""

import orjson
from httpx import AsyncClient, Response

from shared.tickets import Hotline
from tests.factories import BODIES, Desk, make_ticket
from tests.hostile.sending import is_problem, numbers

UNIT, STRANGER = "sanitation-section", "greening-section"
EVIL = "evil.example"
FORWARDED = {
    "Host": EVIL,
    "X-Forwarded-Host": EVIL,
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "444",
    "X-Forwarded-Prefix": "/" + EVIL,
    "X-Forwarded-For": "127.0.0.1",
    "X-Real-IP": "127.0.0.1",
    "X-Original-URL": "/v1/dead-letters",
    "X-Rewrite-URL": "/v1/dead-letters",
    "Forwarded": f"for=127.0.0.1;host={EVIL};proto=https",
    "Origin": f"https://{EVIL}",
}
OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method")


def bearer(desk: Desk, who: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {desk.keys[who]}"}


async def raw_get(client: AsyncClient, path: str, headers: dict[str, str]) -> Response:
    """The path's bytes as they are: the client would tidy them."""
    request = client.build_request("GET", "/", headers=headers)
    request.url._uri_reference = request.url._uri_reference._replace(path=path)
    return await client.send(request)


async def test_host_and_forwarding_headers_are_found_nowhere_in_an_answer(
    desk: Desk, hotline: Hotline
) -> None:
    for _ in range(2):
        await make_ticket(hotline)

    answer = await desk.client.get(
        "/v1/tickets?limit=1", headers={**FORWARDED, **bearer(desk, "desk")}
    )
    wrong = await desk.client.get("/v1/nowhere", headers=FORWARDED)
    document = await desk.client.get("/openapi.json", headers=FORWARDED)

    assert answer.status_code == 200
    assert answer.headers["link"].startswith("</v1/tickets?")
    for one in (answer, wrong, document):
        assert EVIL not in one.text + str(one.headers)
        assert "access-control-allow-origin" not in one.headers


async def test_forwarding_headers_open_no_door(desk: Desk, hotline: Hotline) -> None:
    """Neither a rewritten path nor the word that the caller is this machine."""
    no = await make_ticket(hotline)

    as_unit = await desk.client.get(
        f"/v1/tickets/{no}", headers={**FORWARDED, **bearer(desk, STRANGER)}
    )
    without_key = await desk.client.get("/v1/tickets", headers=FORWARDED)

    assert is_problem(as_unit, 404, "not-found")
    assert is_problem(without_key, 401, "unauthenticated")


async def test_method_override_is_not_heard(desk: Desk) -> None:
    asked = {"url": "http://127.0.0.1:9/", "types": ["*"]}
    key = {"Idempotency-Key": "override-1", **bearer(desk, UNIT)}
    made = (await desk.client.post("/v1/subscriptions", json=asked, headers=key)).json()["id"]
    path = f"/v1/subscriptions/{made}"

    for name in OVERRIDES:
        headers = {name: "DELETE", "Idempotency-Key": f"o-{next(numbers)}", **bearer(desk, UNIT)}
        posted = await desk.client.post(path, headers=headers, params={"_method": "DELETE"})
        assert is_problem(posted, 405, "method-not-allowed")
        await desk.client.get(path, headers=headers)

    kept = await desk.client.get(path, headers=bearer(desk, UNIT))
    assert kept.json()["state"] == "enabled"


async def test_path_tricks_lead_nowhere_new(desk: Desk, hotline: Hotline) -> None:
    """Dots, slashes and their encodings: what is not the plain address is not found."""
    no = await make_ticket(hotline)
    tricks = [
        f"/v1/matters/../tickets/{no}",
        f"/v1/matters/%2e%2e/tickets/{no}",
        f"/v1/matters/%252e%252e/tickets/{no}",
        f"/v1/matters/..%2ftickets/{no}",
        f"/v1//tickets/{no}",
        f"//v1/tickets/{no}",
        f"/v1/tickets/{no}/",
        f"/v1/tickets/{no}/.",
        f"/v1/tickets/{no};a=b",
        f"/v1/tickets/{no}%00",
        f"/v1/tickets/{no}%20",
        f"/v1/tickets/{no}%0a",
        f"/V1/tickets/{no}",
        f"/v1\\tickets\\{no}",
        f"/v1/tickets/{no.lower()}",
        f"/v1/tickets/{no}%ef%bc%8f..",
        f"/v1/tickets/%c0%ae%c0%ae/{no}",
        "/v1/tickets/" + "%41" * 20_000,
        "/v1/tickets/" + "x" * 60_000,
    ]

    for path in tricks:
        answer = await raw_get(desk.client, path, bearer(desk, "desk"))
        assert is_problem(answer, 404, "not-found"), path
    plain = await raw_get(desk.client, f"/v1/tickets/{no}", bearer(desk, "desk"))
    assert plain.status_code == 200


async def test_path_a_nul_is_found_nowhere_whichever_route_it_is_in(
    desk: Desk, intake: AsyncClient, figures: Desk
) -> None:
    clients = {"dispatch": desk.client, "intake": intake, "scoring": figures.client}

    for client in clients.values():
        paths = (await client.get("/openapi.json")).json()["paths"]
        for path in paths:
            if "{" in path:
                tricked = "/".join("a%00b" if "{" in part else part for part in path.split("/"))
                answer = await raw_get(client, tricked, bearer(desk, "admin"))
                assert is_problem(answer, 404, "not-found"), tricked


async def test_authorization_in_any_other_place_or_spelling_is_none(desk: Desk) -> None:
    key = desk.keys["admin"]
    ways: list[dict[str, str]] = [
        {"X-Api-Key": key},
        {"Cookie": f"Authorization=Bearer {key}"},
        {"Proxy-Authorization": f"Bearer {key}"},
        {"Authorization": key},
        {"Authorization": f"Basic {key}"},
        {"Authorization": f"Token {key}"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer " + "x" * 10_000},
        {"Authorization": f"Bearer {key}, Bearer {key}"},
        {"Authorization": f"Bearer {key[:11]}"},
        {"Authorization": f"Bearer {key.upper()}"},
        {"Authorization": f"Bearer {key}0"},
    ]

    for headers in ways:
        answer = await desk.client.get(f"/v1/tickets?key={key}&access_token={key}", headers=headers)
        assert is_problem(answer, 401, "unauthenticated"), headers
        assert key not in answer.text


async def test_verbs_nobody_serves_are_refused_alike(desk: Desk, hotline: Hotline) -> None:
    no = await make_ticket(hotline)

    for verb in ("TRACE", "CONNECT", "PUT", "PATCH", "PROPFIND", "HACK"):
        answer = await desk.client.request(verb, f"/v1/tickets/{no}", headers=bearer(desk, "desk"))
        assert is_problem(answer, 405, "method-not-allowed"), verb
        assert desk.keys["desk"] not in answer.text


async def test_query_given_twice_or_unknown_answers_no_other_question(desk: Desk) -> None:
    for query in ("state=received&state=archived", "state=received&State=archived", "limt=1", "=1"):
        answer = await desk.client.get(f"/v1/tickets?{query}", headers=bearer(desk, "desk"))
        assert is_problem(answer, 422, "invalid"), query


async def test_body_of_a_read_is_not_read(desk: Desk, hotline: Hotline) -> None:
    """A filter hidden in the body of a GET must not answer another question than the address."""
    other, no = await make_ticket(hotline), await make_ticket(hotline)

    answer = await desk.client.request(
        "GET",
        f"/v1/tickets/{no}",
        content=orjson.dumps({"no": other, **BODIES["triage"]}),
        headers=bearer(desk, "desk"),
    )

    assert answer.json()["no"] == no
