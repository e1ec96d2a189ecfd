"""What colleagues send and see around WeChat; openids stay inside."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AliasChoices, Field, StringConstraints

from infra.problems import Unfit
from infra.schemas import Input, Output, Text

AppId = Annotated[Text, StringConstraints(min_length=1, max_length=32)]
TemplateKey = Annotated[Text, StringConstraints(pattern=r"^[a-z_]{1,30}\d{0,3}$")]


class BindingCodeIn(Input):
    """By default the code is of the first official account that has a notice template, else of the first that sends."""

    app_id: AppId | None = None


class BindingCodeOut(Output):
    """`url` stands in the QR code, `picture` shows it (a data URL); whoever scans it first is bound.

    `rings`: the account has a notice template, so that notices reach the phone there.
    """

    url: str
    picture: str
    account: str
    rings: bool
    expires_at: datetime


class BindingOut(Output):
    """An identity in the account of `app_id` that is this colleague."""

    id: UUID
    app_id: str | None
    bound_at: datetime


class BindingsOut(Output):
    items: list[BindingOut]


class WechatLoginUrlOut(Output):
    """Where the phone is sent; it comes back to `return_to` with `code` and `state`, which must be this state."""

    url: str
    state: str


class WechatLoginIn(Input):
    """`code` and `state` as they came back; `second_factor` only where it is asked for."""

    app_id: AppId
    code: Annotated[Text, StringConstraints(pattern=r"^[!-~]{1,512}$")]
    state: Annotated[Text, StringConstraints(max_length=128)]
    second_factor: Annotated[Text | None, Field(max_length=20)] = None


def _own_path(path: str) -> str:
    if path.startswith("//") or "\\" in path or "#" in path:
        raise Unfit("须是本系统的页面路径，以 / 开头", "must be a path of our own pages")
    return path


ReturnPath = Annotated[Text, StringConstraints(pattern=r"^/[!-~]{0,300}$"), AfterValidator(_own_path)]


class NoticeTemplateIn(Input):
    """`fields` says what each key of the template shows: title, body, kind, time, or `=` and a fixed text.

    `version` 0: there is none yet.
    """

    template_id: Annotated[Text, StringConstraints(pattern=r"^[A-Za-z0-9_-]{5,64}$")]
    fields: Annotated[
        dict[TemplateKey, Annotated[Text, StringConstraints(min_length=1, max_length=100)]],
        Field(min_length=1, max_length=20),
    ]
    version: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0


class NoticeTemplateOut(Output):
    """`checked`: the platform was asked just now and knows the template with these keys; null when only read."""

    template_id: str
    fields: Annotated[dict[str, str], Field(validation_alias=AliasChoices("fields_of_keys", "fields"))]
    version: int
    changed_at: datetime
    checked: bool | None = None
