"""Menus in our words; `wording.py` puts them into the platform's."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from infra.schemas import Input, Output, Text
from wechat.menus.rules import MenuState

Title = Annotated[Text, StringConstraints(min_length=1, max_length=60)]
Value = Annotated[Text, StringConstraints(min_length=1, max_length=1024)]
Version = Annotated[int, Field(ge=0, le=2_000_000_000)]
Level = Literal["error", "warning"]
ButtonKind = Literal[
    "click",
    "view",
    "mini_program",
    "scan_push",
    "scan_wait",
    "camera",
    "camera_or_album",
    "album",
    "location",
]


class ButtonIn(Input):
    """A button with a title: one that does something (`kind`), or one that holds `children`.

    `key` is what our rules answer (every kind but view and mini_program), `url` an address (also the fallback of a
    mini-program), `app_id` and `page` a mini-program's.
    """

    title: Title
    kind: ButtonKind | None = None
    key: Value | None = None
    url: Value | None = None
    app_id: Annotated[Text | None, StringConstraints(max_length=32)] = None
    page: Value | None = None
    children: Annotated[list["ButtonIn"], Field(max_length=10)] = []  # noqa: RUF012 - pydantic copies it


class ForWhom(Input):
    """Whom a personal menu is for: fans with a label, or with a platform (all given must be so)."""

    label_id: UUID | None = None
    client: Literal["ios", "android", "others"] | None = None


class PersonalIn(Input):
    for_whom: ForWhom
    buttons: Annotated[list[ButtonIn], Field(max_length=10)]


class MenuIn(Input):
    """A draft; `version` is the one you saw, 0 for the first. An empty one takes the menu away when published.

    Of the personal menus that fit a fan the first one is shown.
    """

    buttons: Annotated[list[ButtonIn], Field(max_length=10)]
    personal: Annotated[list[PersonalIn], Field(max_length=20)] = []  # noqa: RUF012 - pydantic copies it
    version: Version = 0


class MenuVersionIn(Input):
    """The draft that you saw: another one is not published."""

    version: Version


class MenuProblemOut(Output):
    """What the platform would refuse, or a warning about; `where` is like `buttons.0.children.2.title`."""

    where: str
    code: str
    words: str
    english: str
    level: Level = "error"


class MenuOut(Output):
    """A menu of an account. A draft of version 0 is nobody's yet (its id is nil): what the next one begins from."""

    id: UUID
    account_id: UUID
    number: int
    state: MenuState
    buttons: list[ButtonIn]
    personal: list[PersonalIn]
    version: int
    changed_by: str
    changed_at: datetime
    published_at: datetime | None
    published_by: str | None
    error: str | None
    problems: list[MenuProblemOut]


class LiveMenuOut(Output):
    """What the platform shows now. `ours`: the edition that it is; null when somebody changed it elsewhere.

    A button with neither `kind` nor children shows something that only the platform's own page can make.
    """

    buttons: list[ButtonIn]
    personal: int
    ours: UUID | None
    read_at: datetime
