"""Citizens who do not exist, each with a name, numbers and papers that nobody else has.

Every secret holds a mark that nothing else in the world holds, so that one search finds them all:
whatever is shown of a caller (a surname, 138****1234) leaves the mark out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from shared.vault.free_text import CHECKS, WEIGHTS

MOST = 10_000
NAME, PHONE, MOBILE, LANDLINE = "翾翀", "1997319", "1886427", "0216973"
NEIGHBOUR = "1587046"  # somebody whom the caller speaks of
PAPER, EMAIL, HOME, PLATE = "31010819731109", "@xuanchong.example", "翮翯里弄", "沪E7K"
MARKS = (NAME, PHONE, MOBILE, LANDLINE, NEIGHBOUR, PAPER, EMAIL, HOME, PLATE)
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
DOUBLE = ("欧阳", "司马", "上官", "诸葛")
LAST = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥天地玄黄宇宙洪荒日月"
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")

Spelling = Callable[[str], str]
# As people write a number of eleven digits.
SPELLINGS: Sequence[Spelling] = (
    lambda digits: digits,
    lambda digits: f"{digits[:3]} {digits[3:7]} {digits[7:]}",
    lambda digits: f"{digits[:3]}-{digits[3:7]}-{digits[7:]}",
    lambda digits: digits.translate(WIDE),
    lambda digits: f"+86{digits}",
    lambda digits: f"+86 {digits[:3]} {digits[3:7]} {digits[7:]}",
    lambda digits: f"+86-{digits}",
    lambda digits: f"0086{digits}",
)


@dataclass(frozen=True, slots=True)
class Person:
    """`number` from 0 to 9,999 tells everything about them."""

    number: int

    @property
    def tail(self) -> str:
        return f"{self.number:04d}"

    @property
    def name(self) -> str:
        surnames = (*SURNAMES, *DOUBLE)
        rest, surname = divmod(self.number, len(surnames))
        one, other = divmod(rest, len(LAST))
        return f"{surnames[surname]}{NAME}{LAST[one]}{LAST[other]}"

    @property
    def phone(self) -> str:
        """One in four calls from a landline."""
        return (LANDLINE if self.number % 4 == 3 else PHONE) + self.tail

    @property
    def paper(self) -> str:
        body = f"{PAPER}{self.number % 1000:03d}"
        total = sum(int(one) * weight for one, weight in zip(body, WEIGHTS, strict=True))
        return body + CHECKS[total % 11]

    @property
    def caller(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "gender": ("male", "female", None)[self.number % 3],
            "phone": self.phone,
            "mobile": MOBILE + self.tail,
            "id_type": "居民身份证",
            "id_no": self.paper,
            "email": f"c{self.tail}{EMAIL}",
            "district": "静安区",
            "address": f"静安区{HOME}{self.number}号302室",
        }

    @property
    def others(self) -> str:
        """What is hidden whoever it belongs to."""
        spell = SPELLINGS[self.number % len(SPELLINGS)]
        plate = PLATE if self.number % 2 else f"{PLATE[:2]}·{PLATE[2:]}"
        neighbour = spell(NEIGHBOUR + self.tail)
        return f"邻居{neighbour}，证件{self.paper}，车{plate}{self.number % 1000:03d}"

    @property
    def words(self) -> str:
        """Free text with everything in it, the number as one of the spellings."""
        spell, caller = SPELLINGS[self.number % len(SPELLINGS)], self.caller
        name = self.name if self.number % 5 else " ".join(self.name)
        return (
            f"{name}（{spell(self.phone)}，{spell(caller['mobile'])}，{caller['email']}，"
            f"住{caller['address']}）称压缩站旁垃圾满溢；{self.others}"
        )
