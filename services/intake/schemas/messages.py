"""The messages of contract §3, by type."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.intake.schemas.fields import (
    Data,
    Latitude,
    Line,
    Long,
    Longitude,
    Month,
    Score,
    StandardCode,
    UpstreamNo,
    When,
    Word,
)
from shared.domain.words import (
    AppealType,
    FollowUpLevel,
    Reached,
    Satisfaction,
    TicketKind,
    Trade,
    Urgency,
    YesNo,
)

HIGHEST_REVISION = 10**15  # fits every reader of JSON


class CallerData(Data):
    """The citizen. `address` is the home and is never shown."""

    name: Line | None = None
    gender: Word | None = None
    phone: Word | None = None
    mobile: Word | None = None
    id_type: Word | None = None
    id_no: Word | None = None
    email: Line | None = None
    district: Word | None = None
    address: Line | None = None


class TicketData(Data):
    """Of one ticket. `occurred_at`: when it happened, where that is not the message's time."""

    upstream_no: UpstreamNo
    occurred_at: When | None = None


class UpdatedData(TicketData):
    """Any of a ticket's fields; one that is absent says nothing."""

    appeal_type: AppealType | None = None
    urgency: Urgency | None = None
    ticket_kind: TicketKind | None = None
    trade: Trade | None = None
    category_l1: Word | None = None
    category_l2: Word | None = None
    std_kind: Literal["component", "matter"] | None = None
    std_code: StandardCode | None = None
    title: Line | None = None
    content: Long | None = None
    address: Line | None = None
    appeal_address: Line | None = None
    street_name: Word | None = None
    lng: Longitude | None = None
    lat: Latitude | None = None
    caller: CallerData | None = None
    is_anonymous: bool | None = None
    is_confidential: bool | None = None
    need_reply: bool | None = None
    complex_approved: bool | None = None
    is_repeat: bool | None = None
    repeat_of: UpstreamNo | None = None
    other_nos: Annotated[tuple[UpstreamNo, ...], Field(max_length=20)] | None = None
    object_unit: Word | None = None
    dispatched_at: When | None = None
    upstream_due: When | None = None
    revision: Annotated[int, Field(ge=0, le=HIGHEST_REVISION)] | None = None


class CreatedData(UpdatedData):
    """The first word on a ticket: what contract §3 makes mandatory."""

    appeal_type: AppealType
    urgency: Urgency
    content: Long
    is_anonymous: bool
    is_confidential: bool
    need_reply: bool
    received_at: When


class UrgedData(TicketData):
    text: Long | None = None


class SupervisedData(TicketData):
    text: Long | None = None
    level: Annotated[int, Field(ge=1, le=3)] | None = None
    due: When | None = None


class DecidedData(TicketData):
    granted: bool
    due: When | None = None
    reason: Long | None = None


class FollowedUpData(TicketData):
    level: Literal[FollowUpLevel.DISTRICT, FollowUpLevel.CITY]
    reached: Reached
    first_contact: YesNo = YesNo.UNRATED
    overall: Satisfaction = Satisfaction.UNRATED
    attitude: Satisfaction = Satisfaction.UNRATED
    solved: YesNo = YesNo.UNRATED
    redo: bool = False

    @model_validator(mode="after")
    def _says_nothing_unless_reached(self) -> Self:
        said = (self.first_contact, self.overall, self.attitude, self.solved)
        if self.reached is not Reached.YES and (self.redo or any(one != "unrated" for one in said)):
            raise ValueError("未联系上或拒访时不能带有评价")
        return self


class ReworkData(TicketData):
    of: UpstreamNo
    reason: Long | None = None
    due: When | None = None


class VoidedData(TicketData):
    reason: Long | None = None


class RankData(Data):
    period: Month
    scope: Word
    rank: Annotated[int, Field(ge=1, le=100_000)]
    of: Annotated[int, Field(ge=1, le=100_000)]
    score: Score | float | None = None

    @model_validator(mode="after")
    def _is_among_those_ranked(self) -> Self:
        if self.rank > self.of:
            raise ValueError("名次不能大于参评数")
        return self


class Message(BaseModel):
    """The envelope. Nothing unknown beside `type`, `timestamp` and `data`."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    kind: ClassVar[str]
    type: str
    timestamp: When
    data: Any

    @property
    def at(self) -> datetime:
        """When it happened: `occurred_at`, else `timestamp`."""
        return getattr(self.data, "occurred_at", None) or self.timestamp


class TicketMessage(Message):
    data: TicketData

    @property
    def about(self) -> str:
        """The number of the ticket it speaks of."""
        return self.data.upstream_no


class ContentMessage(TicketMessage):
    data: UpdatedData


class TicketCreated(ContentMessage):
    kind = "ticket.created"
    data: CreatedData


class TicketUpdated(ContentMessage):
    kind = "ticket.updated"


class TicketUrged(TicketMessage):
    kind = "ticket.urged"
    data: UrgedData


class TicketSupervised(TicketMessage):
    kind = "ticket.supervised"
    data: SupervisedData


class ReturnDecided(TicketMessage):
    kind = "ticket.return_decided"
    data: DecidedData


class ExtensionDecided(TicketMessage):
    kind = "ticket.extension_decided"
    data: DecidedData


class TicketFollowedUp(TicketMessage):
    kind = "ticket.followed_up"
    data: FollowedUpData


class TicketRework(TicketMessage):
    kind = "ticket.rework"
    data: ReworkData

    @property
    def about(self) -> str:
        return self.data.of


class TicketVoided(TicketMessage):
    kind = "ticket.voided"
    data: VoidedData


class RankPublished(Message):
    kind = "rank.published"
    data: RankData


MESSAGES: Mapping[str, type[Message]] = MappingProxyType(
    {
        message.kind: message
        for message in (
            TicketCreated,
            TicketUpdated,
            TicketUrged,
            TicketSupervised,
            ReturnDecided,
            ExtensionDecided,
            TicketFollowedUp,
            TicketRework,
            TicketVoided,
            RankPublished,
        )
    }
)
