"""Bodies of what people do in a chat."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, JsonValue, Tag, model_validator

from simulator.people.schemas import ActionIn
from simulator.pushing.messages import DEEPEST
from simulator.world.records import Fields
from simulator.world.schemas import Input, Text, writable

ELEMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
COMMON = {"ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "MsgId", "Encrypt"}
FIELDS_MOST = 100

Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Scale = Annotated[int, Field(ge=1, le=28)]


Short = Annotated[str, Field(max_length=512), AfterValidator(writable)]


def _elements(fields: Fields) -> Fields:
    if COMMON & set(fields):
        raise ValueError("the fields that every push has are the platform's")
    _check(fields, 1)
    return fields


def _check(value: JsonValue, depth: int) -> None:
    match value:
        case dict():
            if depth > DEEPEST or len(value) > FIELDS_MOST:
                raise ValueError("too deep, or too many fields")
            if not all(ELEMENT_NAME.fullmatch(name) for name in value):
                raise ValueError("a name that no XML element has")
            for each in value.values():
                _check(each, depth + 1)
        case list():
            if len(value) > FIELDS_MOST:
                raise ValueError("too many items")
            for each in value:
                _check(each, depth)
        case str():
            writable(value)
        case bool() | None:
            raise ValueError("the platform sends texts and numbers only")
        case _:
            pass


Elements = Annotated[Fields, AfterValidator(_elements)]


class TextSent(ActionIn):
    """`msgmenu_id` makes it a tap on that item of a menu message."""

    msgtype: Literal["text"] = "text"
    text: Text
    msgmenu_id: Annotated[Short, Field(min_length=1)] | None = None


class PictureSent(ActionIn):
    """Without a media_id the phone takes a picture of its own."""

    msgtype: Literal["image"]
    media_id: Short | None = None


class VoiceSent(ActionIn):
    """`recognition` is the spoken text where the account has that switched on."""

    msgtype: Literal["voice"]
    media_id: Short | None = None
    format: Literal["amr", "speex"] = "amr"
    recognition: Short = ""


class VideoSent(ActionIn):
    msgtype: Literal["video", "shortvideo"]
    media_id: Short | None = None
    thumb_media_id: Short | None = None


class Place(Input):
    """A point picked on the map."""

    latitude: Latitude
    longitude: Longitude
    scale: Scale = 16
    label: Short = ""
    name: Short = ""


class LocationSent(ActionIn):
    msgtype: Literal["location"]
    latitude: Latitude
    longitude: Longitude
    scale: Scale = 16
    label: Short = ""

    def place(self) -> Place:
        """Return the point without what else the body says."""
        return Place(latitude=self.latitude, longitude=self.longitude, scale=self.scale, label=self.label)


class LinkSent(ActionIn):
    msgtype: Literal["link"]
    title: Text
    description: Short = ""
    url: Text


class MiniProgramPageSent(ActionIn):
    """A card of a page of a mini-program; `page_app_id` is whose page it is."""

    msgtype: Literal["miniprogrampage"]
    title: Text
    page_app_id: Text
    page_path: Text
    thumb_media_id: Short | None = None


def _msgtype(body: Any) -> str:
    given = body.get("msgtype", "text") if isinstance(body, dict) else getattr(body, "msgtype", "text")
    return "video" if given == "shortvideo" else str(given)


SendIn = Annotated[
    Annotated[TextSent, Tag("text")]
    | Annotated[PictureSent, Tag("image")]
    | Annotated[VoiceSent, Tag("voice")]
    | Annotated[VideoSent, Tag("video")]
    | Annotated[LocationSent, Tag("location")]
    | Annotated[LinkSent, Tag("link")]
    | Annotated[MiniProgramPageSent, Tag("miniprogrampage")],
    Discriminator(_msgtype),
]


class TapIn(ActionIn):
    """`path` is the button's place in the menu; what the person then scans, photographs or picks comes along."""

    path: Annotated[list[Annotated[int, Field(ge=0, le=4)]], Field(min_length=1, max_length=2)]
    scan_result: Text = "6901234567892"
    pictures: Annotated[int, Field(ge=1, le=9)] = 1
    place: Place = Place(latitude=31.2304, longitude=121.4737, label="上海市黄浦区人民大道", name="人民广场")


class DialogIn(ActionIn):
    """The templates a dialog asks about, and those of them that are allowed."""

    template_ids: Annotated[list[Text], Field(min_length=1)]
    accept: Annotated[list[Text], Field(default_factory=list)]
    scene: Literal["0", "1", "2"] = "1"

    @model_validator(mode="after")
    def _asked_once(self) -> Self:
        if len(set(self.template_ids)) != len(self.template_ids) or not set(self.accept) <= set(self.template_ids):
            raise ValueError("each template is asked about once, and only those can be accepted")
        return self


class ChangeIn(ActionIn):
    """Templates that are switched off in the settings of the chat."""

    template_ids: Annotated[list[Text], Field(min_length=1, max_length=FIELDS_MOST)]


class PositionIn(ActionIn):
    """What a phone reports when it enters the chat."""

    latitude: Latitude
    longitude: Longitude
    precision: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 30.0


class EnterIn(ActionIn):
    """Opening the customer service of a mini-program."""

    session_from: Short = ""


class EventIn(Input):
    """Any event at all, of a person or of the platform itself."""

    fan_id: str = ""
    event: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
    fields: Annotated[Elements, Field(default_factory=dict)]
    wait: bool = True


class RefusesIn(Input):
    """The switch on a person's phone against all messages of an account."""

    app_id: str
    refuses: bool
