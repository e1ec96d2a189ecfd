"""Bodies of what the phone page asks for beyond the control side's."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from simulator.control.schemas import BubbleOut
from simulator.world.clock import Clock
from simulator.world.records import Bubble, Code
from simulator.world.schemas import Input, Text


class CodeOut(BaseModel):
    """A QR code as it hangs on a wall."""

    ticket: str
    url: str
    scene: str
    expires_at: AwareDatetime | None
    caption: str | None

    @classmethod
    def of(cls, code: Code, caption: str | None) -> Self:
        end = None if code.expires_at is None else datetime.fromtimestamp(code.expires_at, UTC)
        return cls(ticket=code.ticket, url=code.url, scene=code.scene, expires_at=end, caption=caption)


class CodesOut(BaseModel):
    codes: list[CodeOut]


class CaptionsIn(Input):
    """What people read on the posters of these codes, by ticket."""

    app_id: str
    captions: dict[str, Annotated[Text, Field(max_length=128)]]


class TemplateOut(BaseModel):
    template_id: str
    title: str


class TemplatesOut(BaseModel):
    """What the account may ask in the dialog of subscription notices."""

    templates: list[TemplateOut]


class PictureOut(BaseModel):
    """The code that a picture shows, and whose it is."""

    app_id: str
    url: str


class ClockOut(BaseModel):
    """`offset` is the seconds by which `now` is ahead of real time."""

    now: AwareDatetime
    offset: float
    movable: bool

    @classmethod
    def of(cls, clock: Clock) -> Self:
        return cls(now=datetime.fromtimestamp(clock.now(), UTC), offset=clock.offset(), movable=clock.movable)


class ClockIn(Input):
    """One jump forward (`days` says how many for the jump of that name), or back to real time."""

    jump: Literal["hour", "two_days", "month_end", "days"] | None = None
    days: Annotated[int, Field(ge=1, le=400)] | None = None
    reset: bool = False

    @model_validator(mode="after")
    def _one_move(self) -> Self:
        if self.reset == (self.jump is not None) or (self.jump == "days") != (self.days is not None):
            raise ValueError("give a jump (with days for the jump of that name) or reset")
        return self


class OnePhoneOut(BaseModel):
    """A person's phone when a stream begins, with the pushes that are not settled, or were accepted without a reply."""

    fan_id: str
    name: str
    following: bool
    bubbles: list[BubbleOut]
    pending: list[str]
    accepted: list[str]


class PhonesOut(BaseModel):
    """The first event of a stream: what the page shows before anything happens; unknown people are left out."""

    clock: ClockOut
    phones: list[OnePhoneOut]


class NewBubbleOut(BaseModel):
    fan_id: str
    bubble: BubbleOut


class RingOut(BaseModel):
    """A message of any account that reached a person's phone, as a locked phone tells it: title and first line."""

    fan_id: str
    app_id: str
    account: str
    title: str
    line: str

    @classmethod
    def of(cls, bubble: Bubble, account: str) -> Self:
        rows = bubble.content.get("rows")
        if not isinstance(rows, list):
            return cls(fan_id=bubble.fan_id, app_id=bubble.app_id, account=account, title=account, line=bubble.text)
        first = next((f"{row['name']}：{row['value']}" for row in rows if isinstance(row, dict)), "")
        title = str(bubble.content.get("title") or account)
        return cls(fan_id=bubble.fan_id, app_id=bubble.app_id, account=account, title=title, line=first)


class SettledOut(BaseModel):
    fan_id: str
    push_id: str
    outcome: str


class FollowOut(BaseModel):
    fan_id: str
    following: bool


class ChangedOut(BaseModel):
    """Something of the account that the page asks for again."""

    what: Literal["menu", "codes", "faults"]
