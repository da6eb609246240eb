"""What platforms send of each person: created, changed, said later, and said wrongly."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

import orjson

from tests.canary.asking import CITY, DISTRICT, Crew
from tests.canary.people import Person

STREET = "共和新路街道"
RECEIVED = "2026-11-18T09:12:00+08:00"


def source_of(person: Person) -> str:
    return DISTRICT if person.number % 3 == 1 else CITY


def number_of(person: Person) -> str:
    return f"SH-{person.tail}"


def created(person: Person, **changed: Any) -> dict[str, Any]:
    """In every field that takes words, known to us or not."""
    words = person.words
    return {
        "upstream_no": number_of(person),
        "appeal_type": "complaint",
        "urgency": "normal",
        "title": f"{words[:200]}",
        "content": words,
        "address": f"静安区示例路{person.number}号旁，{person.name} {person.phone}",
        "street_name": STREET if person.number % 4 else f"{STREET} {person.phone}",
        "caller": person.caller,
        "is_anonymous": False,
        "is_confidential": person.number % 7 == 0,
        "need_reply": True,
        "received_at": RECEIVED,
        "raw_content": f"{person.name}，{person.phone}，{person.caller['email']}",
        "caller_note": [person.phone, {person.name: person.caller["id_no"]}],
        "call_number": int(person.phone),
        **changed,
    }


async def create(crew: Crew, person: Person) -> None:
    answer = await crew.push(source_of(person), "ticket.created", **created(person))
    assert answer.is_success, answer.text


async def change(crew: Crew, person: Person) -> None:
    """Told again with other words, of a caller who is called otherwise now."""
    data = {"content": f"补充：{person.words}", "title": f"再诉 {person.words}"[:200]}
    caller = {"phone": person.phone, "name": person.name}
    no = {"upstream_no": number_of(person), "revision": 2}
    await crew.push(source_of(person), "ticket.updated", **no, **data, caller=caller)


async def speak(crew: Crew, person: Person) -> None:
    """The other kinds of message, each with words of its own."""
    source, no, words = source_of(person), {"upstream_no": number_of(person)}, person.words
    await crew.push(source, "ticket.urged", **no, text=words)
    await crew.push(source, "ticket.supervised", **no, text=words, level=2)
    await crew.push(source, "ticket.return_decided", **no, granted=False, reason=words)
    await crew.push(source, "ticket.extension_decided", **no, granted=False, reason=words)
    await crew.push(source, "ticket.followed_up", **no, level="city", reached="yes", note=words)
    rework = {"upstream_no": f"{number_of(person)}-R", "of": number_of(person)}
    await crew.push(source, "ticket.rework", **rework, reason=words)


async def void(crew: Crew, person: Person) -> None:
    no = {"upstream_no": number_of(person)}
    await crew.push(source_of(person), "ticket.voided", **no, reason=person.words)


async def mistake(crew: Crew, person: Person) -> None:
    """Quarantined, shown to an admin, mended badly and then well."""
    phone = [person.phone] if person.number % 2 else int(person.phone)
    wrong = created(person, upstream_no=f"{number_of(person)}-X", urgency=person.phone)
    wrong["caller"] = {**person.caller, "phone": phone, "name": {"first": person.name}}
    refused = await crew.push(source_of(person), "ticket.created", **wrong)
    path = f"/v1/quarantine/{refused.json()['receipt']}/redrive"
    bad = {"data": {"urgency": person.name, "caller": {"phone": phone}}}
    right = {"data": {"urgency": "normal", "caller": person.caller}}
    for patch in (bad, {**bad, person.phone: person.name}, right):
        await crew.ask("intake", "admin", "POST", path, what="redrive", body=patch)


async def babble(crew: Crew, person: Person) -> None:
    """What is hardly a message: at every place where a border may find fault with it."""
    source, words = source_of(person), person.words
    data = created(person, upstream_no=f"{number_of(person)}-Y")
    whole = {"type": "ticket.created", "timestamp": RECEIVED, "data": data}
    for body in (
        f'{{"type": "ticket.created", "phone": "{person.phone}", {words}'.encode(),
        orjson.dumps({**whole, person.phone: 1, person.name: 2}),
        orjson.dumps({**whole, "timestamp": person.phone, "data": [person.name]}),
        orjson.dumps({"type": person.name, "timestamp": RECEIVED, "data": {}, person.phone: ""}),
        orjson.dumps({**whole, "data": {**data, "caller": person.phone}}),
        orjson.dumps({**whole, "data": {**data, "received_at": person.name, "lng": words}}),
        orjson.dumps(words),
        orjson.dumps({**whole, "data": {**data, "content": "x\0" + words, f"{person.name}\0": 1}}),
        orjson.dumps(whole).replace("压缩站".encode(), "压缩站".encode("gb18030")),
    ):
        await crew.send(source, body, what="babble")
    body = orjson.dumps(whole)
    for headers in (
        {"webhook-signature": "v1,bm9uZQ=="},
        {"content-type": f"text/plain; name={quote(person.name)}; phone={person.phone}"},
        {"webhook-timestamp": person.phone},
        {"content-encoding": "gzip"},
    ):
        await crew.send(source, body, what="babble", headers=headers)
    await crew.send(source, body + b" " * 262_144, what="babble")


async def repeat(crew: Crew, person: Person) -> None:
    """The same id with other bytes, and a name that is nobody's."""
    source, body = source_of(person), orjson.dumps({"type": "x.y", "said": person.words})
    same = {"webhook-id": f"same-{person.tail}"}
    platform = crew.platforms[source]
    for one in (body, body + b" "):
        signed = platform.headers(one, same["webhook-id"])
        await crew.send(source, one, what="repeat", headers=signed)
    await crew.look(source, f"/v1/tickets/{quote(person.name)}", what="platform's ticket")
    await crew.look(source, f"/v1/tickets/{person.phone}", what="platform's ticket")
    await crew.look(source, f"/v1/receipts/{person.phone}", what="receipt")


async def reconcile(crew: Crew, person: Person) -> None:
    """Lists carry nothing personal; this platform has not been told."""
    line = {"upstream_no": number_of(person), "state": "received", "received_at": RECEIVED}
    for listed in (
        [{**line, "phone": person.phone, "name": person.name}],
        [{**line, "state": person.phone}],
        [{**line, person.phone: person.name}],
        person.words,
    ):
        body = orjson.dumps({"day": "2026-11-18", "tickets": listed, person.name: person.phone})
        source = source_of(person)
        platform = crew.platforms[source]
        answer = await platform.client.post(
            f"/v1/reconciliations/{source}", content=body, headers=platform.headers(body)
        )
        crew.keep("reconciliation", answer)


Telling = Callable[[Crew, Person], Awaitable[None]]
TELLINGS: Sequence[Telling] = (change, speak, void, mistake, babble, repeat, reconcile)


def tellings(crew: Crew, people: Sequence[Person]) -> Iterator[Awaitable[None]]:
    """Each of them one way."""
    for place, person in enumerate(people):
        yield TELLINGS[place % len(TELLINGS)](crew, person)
