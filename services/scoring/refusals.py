"""What scoring refuses to do with a period, and why."""

from shared.errors import Conflict, Invalid, NotFound


class NotOver(Conflict):
    """Only what has ended is frozen."""

    title = "该月尚未结束，不能定版"


class ReasonNeeded(Invalid):
    """A frozen month is frozen again only for a reason."""

    title = "该月已定版，再次定版须说明理由"

    @classmethod
    def given_none(cls) -> "ReasonNeeded":
        return cls(errors=[{"pointer": "/reason", "message": cls.title}])


class NoSuchRevision(NotFound):
    title = "该月没有这一版"
