"""What a scene is: one kind of matter citizens call about, with the words for its whole course."""

from dataclasses import dataclass

ALL_YEAR = "111111111111"


@dataclass(frozen=True, slots=True)
class Scene:
    """One matter: what is seen, what is asked for, what is done, how it then stands.

    `months` holds twelve digits, the weight of the scene from January to December. `kind` is
    `problem` (complaint, help or report), `consult`, `suggestion` or `praise`. `alarming` scenes
    are the ones that come as urgent or sub-urgent tickets.
    """

    category: str
    topic: str
    facts: tuple[str, ...]
    want: str
    works: tuple[str, ...]
    result: str
    months: str = ALL_YEAR
    kind: str = "problem"
    std: tuple[str, str] | None = None
    alarming: bool = False

    @property
    def trade(self) -> str:
        return TRADE_BY_LETTER[self.category[0]]


TRADE_BY_LETTER = {
    "G": "greening",
    "A": "appearance",
    "S": "sanitation",
    "L": "landscape",
}
