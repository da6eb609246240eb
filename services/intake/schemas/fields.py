"""The kinds of fields in platforms' messages. Checked strictly: no digits for words or truth."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from shared.web.bodies import Moment

TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}.*")


def _as_written_time(value: Any) -> Any:
    """A number of seconds, bare or in quotes, would be read as a time too."""
    if not isinstance(value, str) or TIME.fullmatch(value) is None:
        raise ValueError("应为带时区的时间（RFC 3339）")
    return value


def text(longest: int) -> Any:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=longest)


When = Annotated[Moment, BeforeValidator(_as_written_time), Field(strict=False)]
UpstreamNo = Annotated[str, text(100)]
Word = Annotated[str, text(64)]
Line = Annotated[str, text(256)]
Long = Annotated[str, text(4000)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
StandardCode = Annotated[str, StringConstraints(pattern=r"^\d{5}$")]
Month = Annotated[str, StringConstraints(pattern=r"^20\d{2}-(0[1-9]|1[0-2])$")]
Score = Annotated[str, StringConstraints(pattern=r"^-?\d{1,6}(\.\d{1,6})?$")]


class Data(BaseModel):
    """The `data` of a message: fields we do not know are kept, never refused."""

    model_config = ConfigDict(strict=True, extra="allow", frozen=True, str_strip_whitespace=True)
