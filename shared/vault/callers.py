"""Callers (诉求人): masked for everyone, sealed at rest, their words cleaned of themselves."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson

from shared.vault.keyring import Keyring, digits_of

TITLES = {"male": "先生", "female": "女士", "m": "先生", "f": "女士", "男": "先生", "女": "女士"}
MIN_DIGITS = 5
# Surnames of two characters that would be cut in half otherwise.
DOUBLE_SURNAMES = frozenset(
    [
        "欧阳",
        "司马",
        "上官",
        "诸葛",
        "东方",
        "皇甫",
        "尉迟",
        "公孙",
        "慕容",
        "令狐",
        "司徒",
        "夏侯",
        "宇文",
        "长孙",
        "轩辕",
        "端木",
        "百里",
        "南宫",
    ]
)


@dataclass(frozen=True, slots=True, repr=False)
class Caller:
    """What a platform told of the citizen. `address` is the home and is never shown."""

    name: str | None = None
    gender: str | None = None
    phone: str | None = None
    mobile: str | None = None
    id_type: str | None = None
    id_no: str | None = None
    email: str | None = None
    district: str | None = None
    address: str | None = None

    @property
    def number(self) -> str | None:
        """The number to call: the one called from, else the mobile."""
        return self.phone or self.mobile

    def secrets(self) -> list[str]:
        """What must not stand in any text: own name, numbers, papers, home."""
        texts = (self.name, self.phone, self.mobile, self.id_no, self.email, self.address)
        return [text for text in texts if text]


@dataclass(frozen=True, slots=True, repr=False)
class CallerRow:
    """A row of `callers`."""

    ticket_id: int
    phone_hash: bytes | None
    hash_key_id: str | None
    sealed: bytes
    seal_key_id: str
    masked_name: str | None
    masked_phone: str | None


def seal_caller(caller: Caller, ticket_id: int, *, bureau: int, keyring: Keyring) -> CallerRow:
    told = {name: value for name in Caller.__slots__ if (value := getattr(caller, name))}
    sealed, seal_key = keyring.seal(orjson.dumps(told), f"caller:{bureau}:{ticket_id}")
    number = caller.number
    hashed, hash_key = keyring.hash_number(number) if number else (None, None)
    return CallerRow(
        ticket_id=ticket_id,
        phone_hash=hashed,
        hash_key_id=hash_key,
        sealed=sealed,
        seal_key_id=seal_key,
        masked_name=mask_name(caller.name, caller.gender),
        masked_phone=mask_phone(number),
    )


def mask_name(name: str | None, gender: str | None = None) -> str | None:
    """Surname and 先生/女士 where the gender is known, else surname and ** (ruling 18)."""
    if not name or not name.strip():
        return None
    name = name.strip()
    surname = name[:2] if name[:2] in DOUBLE_SURNAMES and len(name) > 2 else name[0]
    return surname + TITLES.get((gender or "").strip().lower(), "**")


def mask_phone(phone: str | None) -> str | None:
    """138****1234; shorter numbers keep their last two digits at most."""
    if not phone:
        return None
    digits = digits_of(phone)
    if len(digits) >= 11:
        return f"{digits[:3]}****{digits[-4:]}"
    if len(digits) >= 7:
        return f"{digits[:2]}****{digits[-2:]}"
    return "****"


class Mask:
    """Takes callers' own names and numbers out of texts.

    Every caller is new, so nothing is compiled for one: texts are walked by hand, and only where a
    quick look finds that there may be something to hide.
    """

    def __init__(self, *callers: Caller | None) -> None:
        known = dict.fromkeys(one for one in callers if one is not None)
        self._rules = tuple(rule for one in known for rule in _rules(one))

    def __call__(self, text: str) -> str:
        for hide, secret, mask in self._rules:
            text = hide(text, secret, mask)
        return text


Hide = Callable[[str, str, str], str]
ASCII_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
DIGITS = re.compile(r"[0-9]+")
# What has no upper and lower case, and so can only stand for itself.
CASELESS = re.compile(r"[0-9@._+\-\u4e00-\u9fff]+")
NUMBER_SEPARATORS = "-()（）"


def _rules(caller: Caller) -> tuple[tuple[Hide, str, str], ...]:
    """Numbers first, then papers, then the name."""
    numbers = [
        (_hide_number, digits, mask_phone(number) or "****")
        for number in (caller.phone, caller.mobile)
        if number and len(digits := digits_of(number)) >= MIN_DIGITS
    ]
    papers = [
        (_hide_paper, text, "****")
        for text in (caller.id_no, caller.email, caller.address)
        if text and len(text) > 3
    ]
    name = "".join((caller.name or "").split())
    names = [(_hide_name, name, mask_name(name, caller.gender) or "**")] if len(name) > 1 else []
    return (*numbers, *papers, *names)


def _hide_number(text: str, digits: str, mask: str) -> str:
    """The number however it is grouped, with or without its country code, in any digit width."""
    plain = text.translate(ASCII_DIGITS)
    if digits not in "".join(DIGITS.findall(plain)):
        return text
    beginnings = f"+08{digits[0]}"
    starts = [at for at, char in enumerate(plain) if char in beginnings]
    return _replace(text, starts, mask, lambda at: _number_end(text, plain, at, digits))


def _hide_paper(text: str, secret: str, mask: str) -> str:
    """Papers and addresses, in whichever case."""
    caseless = max(CASELESS.findall(secret), key=len, default="")
    if caseless not in text:
        return text
    if caseless == secret:
        return text.replace(secret, mask)
    return re.sub(re.escape(secret), mask, text, flags=re.IGNORECASE)


def _hide_name(text: str, name: str, mask: str) -> str:
    """The name, also where its characters are set apart."""
    if name[0] not in text or name not in "".join(text.split()):
        return text
    starts = [at for at, char in enumerate(text) if char == name[0]]
    return _replace(text, starts, mask, lambda at: _end_of(text, at, name, ""))


def _replace(text: str, starts: Sequence[int], mask: str, end_at: Callable[[int], int]) -> str:
    """Every match of `end_at` at one of `starts`, leftmost first; it answers 0 for none."""
    parts = []
    done = 0
    for at in starts:
        end = end_at(at) if at >= done else 0
        if end:
            parts += [text[done:at], mask]
            done = end
    return "".join([*parts, text[done:]])


def _number_end(text: str, plain: str, at: int, digits: str) -> int:
    """Where a number that begins at `at`, perhaps with its country code, ends."""
    for code in ("+86", "0086", "86"):
        if not text.startswith(code, at):
            continue
        after = at + len(code)
        if text[after : after + 1].isspace() or text.startswith("-", after):
            end = _end_of(plain, after + 1, digits, NUMBER_SEPARATORS)
            if end:
                return end
        end = _end_of(plain, after, digits, NUMBER_SEPARATORS)
        if end:
            return end
    return _end_of(plain, at, digits, NUMBER_SEPARATORS)


def _end_of(text: str, at: int, secret: str, separators: str) -> int:
    """Where `secret` ends that begins at `at`, its characters set apart by blanks and separators.

    0 where it does not stand there.
    """
    if not text.startswith(secret[0], at):
        return 0
    at += 1
    for char in secret[1:]:
        while at < len(text) and (text[at].isspace() or text[at] in separators):
            at += 1
        if not text.startswith(char, at):
            return 0
        at += 1
    return at
