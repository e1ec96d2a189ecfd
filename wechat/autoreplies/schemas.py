"""What marketers send and see of automatic replies."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from core.files.schemas import FileOut
from infra.paging import Cursor, Limit
from infra.problems import Unfit
from infra.schemas import Input, Name, Output, Text
from wechat.autoreplies.rules import Match, Trigger, Why, fold
from wechat.codes.schemas import Moment
from wechat.outbound.contents import Content

_Word = Annotated[Text, StringConstraints(min_length=1, max_length=64)]
_Clock = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
_WITH_WORDS = (Trigger.KEYWORD, Trigger.MENU, Trigger.EVENT)


class HoursIn(Input):
    """Days of the week (1 is Monday) and times of the business zone; `until` before `from` is past midnight."""

    days: Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(min_length=1, max_length=7)]
    since: _Clock
    until: _Clock


class AutoReplyIn(Input):
    """One rule. Placeholders in texts: {称呼} {导购} {门店} {公众号}; a clause with one that has no value is left out.

    Exact key words may stand `before_commands` of the chat, which answer first otherwise, and be listed `in_help` (帮助
    shows the first word and the name).
    """

    name: Name
    trigger: Trigger
    match: Match | None = None
    words: Annotated[list[_Word], Field(max_length=30)] = Field(default=[])
    account_id: UUID | None = None
    hours: Annotated[list[HoursIn], Field(max_length=14)] = Field(default=[])
    contents: Annotated[list[Content], Field(max_length=5)] = Field(default=[])
    hand_over: bool = False
    before_commands: bool = False
    in_help: bool = False
    priority: Annotated[int, Field(ge=0, le=10_000)] = 100
    enabled: bool = True

    @model_validator(mode="after")
    def _fits_its_trigger(self) -> Self:
        if (self.trigger is Trigger.KEYWORD) != (self.match is not None):
            raise Unfit("关键词回复须选择匹配方式，其他回复不能选", "match is for keyword rules, and for those only")
        if (self.trigger in _WITH_WORDS) != bool(self.words):
            raise Unfit(
                "请填写关键词、菜单 KEY 或事件", "words are for keyword, menu and event rules, and needed there"
            )
        if self.trigger is Trigger.KEYWORD and not all(fold(word) for word in self.words):
            raise Unfit("关键词不能为空", "a key word must have something to compare")
        if (self.before_commands or self.in_help) and self.match is not Match.EXACT:
            raise Unfit(
                "只有完全匹配的关键词可以优先于聊天指令或列入帮助",
                "before_commands and in_help are for exact key words only",
            )
        if self.trigger is Trigger.DEFAULT and not self.hand_over:
            # Who hears only that nobody had an answer still waits for one.
            raise Unfit("默认回复总是转人工", "the default always hands over to a person")
        if not self.contents and not self.hand_over:
            raise Unfit("请填写回复内容或选择转人工", "a rule says something, or hands over to a person")
        return self


class AutoReplyChange(AutoReplyIn):
    version: Annotated[int, Field(ge=0, le=2_000_000_000)]


class AutoReplyOut(Output):
    """`behind_commands` are those of the words that a command of the chat answers before this rule.

    `pictures` are the files of the contents, with links.
    """

    id: UUID
    name: str
    trigger: Trigger
    match: Match | None
    words: list[str]
    account_id: UUID | None
    hours: list[HoursIn]
    contents: list[Content]
    hand_over: bool
    before_commands: bool
    in_help: bool
    behind_commands: list[str]
    pictures: list[FileOut]
    priority: int
    enabled: bool
    version: int
    changed_by: str
    changed_at: datetime


class AutoReplyFilters(Input):
    cursor: Cursor = None
    limit: Limit = 50
    trigger: Trigger | None = None
    account_id: UUID | None = None
    enabled: bool | None = None


class TryIn(Input):
    """What a fan would do: write a text, tap a menu key, cause an event (one of the three, `follow` among events)."""

    account_id: UUID
    text: Annotated[Text | None, StringConstraints(min_length=1, max_length=600)] = None
    menu_key: _Word | None = None
    event: _Word | None = None
    at: Moment | None = None

    @model_validator(mode="after")
    def _one_act(self) -> Self:
        if sum(act is not None for act in (self.text, self.menu_key, self.event)) != 1:
            raise Unfit("文字、菜单、事件只能选一个", "give one of text, menu_key and event")
        return self


class ConsideredOut(Output):
    """A rule, command or welcome that was asked, in order, and what came of it; `id` is a rule's."""

    kind: str
    id: UUID | None
    name: str
    why: Why
    words: str


class TryOut(Output):
    """Who answers and what a fan would read; nobody: `answered_by` is null. `hand_over`: a person is wanted."""

    answered_by: ConsideredOut | None
    contents: list[Content]
    hand_over: bool
    considered: list[ConsideredOut]


class CommandOut(Output):
    """A word of the chat that a part of the product answers."""

    words: list[str]
    title: str
