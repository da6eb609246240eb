"""Upstream fields as ours, and which of them stand (rulings 46, 47)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from shared.domain.events import Code, FieldRank
from shared.domain.ticket import Ticket

# Our name of every code field a platform may send, by the name it is sent under.
CODE_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "appeal_type": "appeal_type",
        "urgency": "urgency",
        "ticket_kind": "ticket_kind",
        "trade": "trade",
        "category_l2": "category",
        "std_kind": "std_kind",
        "std_code": "std_code",
        "street_name": "street",
        "lng": "lng",
        "lat": "lat",
        "is_anonymous": "is_anonymous",
        "is_confidential": "is_confidential",
        "need_reply": "need_reply",
        "complex_approved": "complex_approved",
        "object_unit": "object_unit",
        "dispatched_at": "dispatched_at",
        "upstream_due": "upstream_due",
    }
)
TEXT_FIELDS = ("title", "content", "address")
# A platform may take these back by saying null; elsewhere null says nothing.
CLEARABLE = frozenset(
    {"trade", "category", "std_kind", "std_code", "street", "lng", "lat", "object_unit"}
    | {"upstream_due"}
)
# Not among the words set aside: units read those, and may not learn of it.
UNTOLD = frozenset({"object_unit"})


@dataclass(frozen=True, slots=True)
class Word:
    """One message's word on a ticket: what it carries, already in our names."""

    rank: FieldRank
    codes: Mapping[str, Any]
    texts: Mapping[str, str]
    has_phone: bool | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What of a word stands, and what of it differs and does not.

    `before`: what the fields that change or differ are now; of a text, the entry that holds it.
    `aside`: the words that do not stand, kept as texts; codes are spelled out.
    """

    changes: Mapping[str, Code]
    before: Mapping[str, Code]
    texts: Mapping[str, str]
    carried: tuple[str, ...]
    differs: tuple[str, ...] = field(default=())
    aside: Mapping[str, str] = field(default_factory=dict)

    @property
    def says_nothing_new(self) -> bool:
        return not self.changes and not self.texts and not self.differs


def code(value: Any) -> Code:
    """As the log spells it."""
    return value.isoformat() if isinstance(value, datetime) else value


def spelled(word: Word, names: Iterable[str]) -> dict[str, str]:
    """Those of the word's fields as texts. One that was taken back says nothing."""
    told = {name: code(word.codes[name]) for name in names if name in word.codes}
    kept = {name: said for name, said in told.items() if said is not None and name not in UNTOLD}
    return {
        name: said if isinstance(said, str) else json.dumps(said) for name, said in kept.items()
    } | {name: word.texts[name] for name in names if name in word.texts}


def current(ticket: Ticket, name: str) -> Any:
    return ticket.clock_start if name == "dispatched_at" else getattr(ticket, name)


def standing_now(ticket: Ticket, names: Iterable[str]) -> dict[str, Code]:
    """What those fields are: a code's value, or the entry that holds a text."""
    return {
        name: ticket.texts.get(name) if name in TEXT_FIELDS else code(current(ticket, name))
        for name in names
    }


def different(ticket: Ticket, texts: Mapping[str, str], word: Word) -> list[str]:
    """The fields of the word that say other than what stands."""
    codes = [name for name in word.codes if code(word.codes[name]) != code(current(ticket, name))]
    return codes + [name for name in word.texts if word.texts[name] != texts.get(name)]


def weigh(ticket: Ticket, texts: Mapping[str, str], word: Word) -> Outcome:
    """Per field, the newest word that carries it stands, whatever the order of arrival.

    Of two words equally new, the later to arrive stands. What comes late is set aside.
    """
    codes = dict(word.codes)
    if word.has_phone is not None:
        codes["has_phone"] = word.has_phone
    newest = [
        name
        for name in (*codes, *word.texts)
        if (rank := ticket.rank_of(name)) is None or not rank.newer_than(word.rank)
    ]
    changed = [name for name in newest if name in codes and codes[name] != current(ticket, name)]
    other = different(ticket, texts, word)
    reworded = [name for name in other if name in word.texts and name in newest]
    late = [name for name in other if name not in newest]
    return Outcome(
        changes={name: code(codes[name]) for name in changed},
        before=standing_now(ticket, (*changed, *reworded, *late)),
        texts={name: word.texts[name] for name in reworded},
        carried=tuple(newest),
        differs=tuple(late),
        aside=spelled(word, late),
    )


def compare(ticket: Ticket, texts: Mapping[str, str], word: Word) -> Outcome:
    """The second platform's first word: the first content stands, but for an earlier due.

    All it says is set aside, so that the same word is known when it comes again.
    """
    differs = different(ticket, texts, word)
    due = word.codes.get("upstream_due")
    earlier = due is not None and (ticket.upstream_due is None or due < ticket.upstream_due)
    return Outcome(
        changes={"upstream_due": code(due)} if earlier else {},
        before=standing_now(ticket, differs),
        texts={},
        carried=(),
        differs=tuple(differs),
        aside=spelled(word, (*word.codes, *word.texts)),
    )
