"""Bodies about pushes and their deliveries."""

from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, Field, JsonValue, model_validator

from simulator.world.records import Attempt, Fields, Outcome, Push
from simulator.world.schemas import Input


class ResendIn(Input):
    """Signed now, or with a timestamp moved by seconds, or the byte-identical first request."""

    times: Annotated[int, Field(ge=1, le=1_000)] = 1
    parallel: bool = False
    resign_offset_seconds: Annotated[int, Field(ge=-(10**9), le=10**9)] | None = None
    as_first_signed: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.as_first_signed and self.resign_offset_seconds is not None:
            raise ValueError("as_first_signed and resign_offset_seconds exclude each other")
        return self


class AttemptOut(BaseModel):
    at: AwareDatetime
    status: int | None
    latency_ms: float
    error: str | None
    answer: dict[str, str] | None
    body_sha256: str | None
    resent: bool
    fault: str | None

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        return cls(**attempt.model_dump(exclude={"at"}), at=datetime.fromtimestamp(attempt.at, UTC))


class ResendOut(BaseModel):
    push_id: str
    deliveries: list[AttemptOut]


class PushOut(BaseModel):
    push_id: str
    app_id: str
    fan_id: str
    openid: str
    kind: str
    fields: Fields
    outcome: Outcome
    reply: str | None
    attempts: list[AttemptOut]

    @classmethod
    def of(cls, push: Push) -> Self:
        return cls(
            **push.model_dump(include=set(cls.model_fields) - {"attempts", "fields"}),
            # As texts: a MsgId is beyond the integers that a page can hold.
            fields={name: _as_texts(value) for name, value in push.fields.items()},
            attempts=[AttemptOut.of(attempt) for attempt in push.attempts],
        )


class PushesOut(BaseModel):
    pushes: list[PushOut]
    next_cursor: str | None


def _as_texts(value: JsonValue) -> JsonValue:
    match value:
        case dict():
            return {name: _as_texts(each) for name, each in value.items()}
        case list():
            return [_as_texts(each) for each in value]
        case _:
            return str(value)
