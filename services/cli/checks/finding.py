"""One line of what `minhu doctor` found."""

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """The mark shown. `WATCH` works as it is, and somebody should know of it."""

    GOOD = "✓"
    WATCH = "!"
    BAD = "✗"


@dataclass(frozen=True, slots=True)
class Finding:
    """`mend` says what to do about it; none where all is well."""

    grade: Grade
    subject: str
    text: str
    mend: str = ""

    @property
    def line(self) -> str:
        mend = f"。处理：{self.mend}" if self.mend else ""
        return f"{self.grade} {self.subject}：{self.text}{mend}"


def good(subject: str, text: str) -> Finding:
    return Finding(Grade.GOOD, subject, text)


def watch(subject: str, text: str, mend: str = "") -> Finding:
    return Finding(Grade.WATCH, subject, text, mend)


def bad(subject: str, text: str, mend: str) -> Finding:
    return Finding(Grade.BAD, subject, text, mend)
