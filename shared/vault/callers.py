"""Callers (诉求人): masked for everyone, sealed at rest, their words cleaned of themselves."""

import json
import re
from dataclasses import asdict, dataclass

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
    plain = json.dumps({k: v for k, v in asdict(caller).items() if v}, ensure_ascii=False)
    sealed, seal_key = keyring.seal(plain.encode(), f"caller:{bureau}:{ticket_id}")
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
    """Takes one caller's own name and numbers out of texts."""

    def __init__(self, caller: Caller | None) -> None:
        self._patterns = [] if caller is None else list(_patterns(caller))

    def __call__(self, text: str) -> str:
        for pattern, mask in self._patterns:
            text = pattern.sub(mask, text)
        return text


def _patterns(caller: Caller) -> list[tuple[re.Pattern[str], str]]:
    numbers = [
        (_number_pattern(digits_of(number)), mask_phone(number) or "****")
        for number in (caller.phone, caller.mobile)
        if number and len(digits_of(number)) >= MIN_DIGITS
    ]
    papers = [
        (re.compile(re.escape(text), re.IGNORECASE), "****")
        for text in (caller.id_no, caller.email, caller.address)
        if text and len(text) > 3
    ]
    names = []
    name = "".join((caller.name or "").split())
    if len(name) > 1:
        spaced = r"\s*".join(re.escape(char) for char in name)
        names = [(re.compile(spaced), mask_name(name, caller.gender) or "**")]
    return numbers + papers + names


def _number_pattern(digits: str) -> re.Pattern[str]:
    """The number however it is grouped, with or without its country code, in any digit width."""
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    each = (f"[{digit}{digit.translate(wide)}]" for digit in digits)
    return re.compile(r"(?:(?:\+|00)?86[\s-]?)?" + r"[\s\-()（）]*".join(each))
