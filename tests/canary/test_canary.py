"""Nobody is let in: known people go every way there is and are looked for wherever one may look."""

import base64
import json
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from tests.canary.forms import Needle, make_needles, spelled, written
from tests.canary.people import MARKS, MOST, SPELLINGS, Person
from tests.canary.running import PLACES, run
from tests.canary.search import search
from tests.conftest import Tell

PEOPLE = 10
NOISE = b'\x00\x01 {"a": 1}\n' * 20


def test_nothing_of_a_caller_is_seen_outside_the_vault(tmp_path: Path, tell: Tell) -> None:
    course = run(tmp_path, PEOPLE, lambda _: None)

    assert [hit.line for hit in course.hits] == []
    assert course.blind == [], "planted there, and not found"
    assert course.failed == [], "never succeeded, so nothing was shown by it"
    assert course.revealed > 0
    assert all(course.searched[name] > 0 for name in PLACES if name != "anchors")
    size = sum(course.searched.values()) // 1024**2
    tell(f"{PEOPLE} people, {course.calls} calls, {size} MB in {len(PLACES)} places: 0 leaks")


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_is_found_in_every_form_wherever_it_begins(mark: str) -> None:
    needles = make_needles()
    for how, text in spelled(mark):
        for layer, raw in written(text):
            found = search("", NOISE + raw + NOISE, needles)
            assert found, (mark, how, layer)


def test_what_many_layers_write_is_found() -> None:
    """As the layers themselves write it, not as our own forms have it."""
    needles = make_needles()
    for number in range(0, MOST, 97):
        person = Person(number)
        for secret in (*(spell(person.phone) for spell in SPELLINGS), person.name, person.words):
            for shift in range(3):
                assert search("", base64.b64encode(b"x" * shift + secret.encode()), needles)
            for raw in (
                *(secret.encode(), secret.encode("utf-16"), secret.encode("gb18030")),
                *(json.dumps(secret).encode(), quote(secret).encode()),
                *(quote_plus(secret).encode(), secret.encode().hex().encode()),
            ):
                assert search("", raw, needles), (secret, raw)


def test_all_people_are_different_and_what_may_be_shown_of_them_holds_no_mark() -> None:
    people = [Person(number) for number in range(MOST)]
    shown = "".join(f"{one.name[0]}先生 199****{one.tail} 沪E**** " for one in people)

    assert len({one.name for one in people}) == MOST
    assert len({one.phone for one in people}) == MOST
    assert search("", shown.encode(), make_needles()) == []


def test_digits_in_a_digest_are_no_leak_and_beside_letters_they_are() -> None:
    needles: tuple[Needle, ...] = make_needles()
    phone = Person(0).phone.encode()

    assert search("", b"a" * 20 + phone + b"f" * 20, needles) == []
    assert search("", b"\\u7535" + phone + b"\\u6765", needles)
