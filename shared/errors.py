"""What can go wrong, as facts. Domain code knows kinds, never status codes."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, ClassVar, TypedDict


class ErrorKind(StrEnum):
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    STALE = "stale"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    UNSUPPORTED = "unsupported"
    INVALID = "invalid"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"


LONGEST_POINTER = 200


class FieldError(TypedDict):
    """One field at fault: a JSON pointer into the request and what is wrong, in Chinese."""

    pointer: str
    message: str


class HotlineError(Exception):
    """A failure a caller may see. `detail` is Chinese and never holds a caller's data."""

    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
    code: ClassVar[str] = "invalid"
    title: ClassVar[str] = "请求内容有误"

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = tuple(errors)
        self.extra = dict(extra or {})


class Invalid(HotlineError):
    """A request that is understood and not acceptable."""

    @classmethod
    def field(cls, pointer: str, message: str) -> "Invalid":
        """What others wrote is repeated only so far as it tells them where to look."""
        return cls(message, errors=[{"pointer": pointer[:LONGEST_POINTER], "message": message}])


class NotFound(HotlineError):
    """Not there, or not for this reader's eyes: the same answer for both."""

    kind = ErrorKind.NOT_FOUND
    code = "not-found"
    title = "没有找到"


class Forbidden(HotlineError):
    kind = ErrorKind.FORBIDDEN
    code = "forbidden"
    title = "无权进行此操作"


class Unauthenticated(HotlineError):
    kind = ErrorKind.UNAUTHENTICATED
    code = "unauthenticated"
    title = "未通过身份验证"


class Conflict(HotlineError):
    kind = ErrorKind.CONFLICT
    code = "conflict"
    title = "与现有数据冲突"


class Unavailable(HotlineError):
    kind = ErrorKind.UNAVAILABLE
    code = "unavailable"
    title = "服务暂不可用，请稍后重试"


class NewerRelease(HotlineError):
    """Only a newer release can read this: left to it, which is about to take over."""

    kind = ErrorKind.UNAVAILABLE
    code = "unavailable"
    title = "正在升级，须由较新的版本处理，请稍后重试"


class NotNow(HotlineError):
    """Nothing of the kind can be done by this process at present: all of it waits, uncounted."""

    kind = ErrorKind.UNAVAILABLE
    code = "unavailable"
    title = "考核正在重算或升级，请稍后重试"
