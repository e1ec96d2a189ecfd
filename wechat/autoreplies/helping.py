"""The two commands that are there from the first day: 帮助 says what there is, 人工 wants a person."""

from datetime import datetime
from itertools import groupby

from infra import crypto
from infra.context import ChatCommand
from infra.parameters import Parameter
from wechat.autoreplies import queries
from wechat.autoreplies.acts import act_of
from wechat.autoreplies.book import book
from wechat.autoreplies.commands import registered
from wechat.autoreplies.hours import Hours, are_open, hours, next_opening
from wechat.autoreplies.rules import Trigger
from wechat.pushes.responders import Response, View

_CLOCK = r"([01]\d|2[0-3]):[0-5]\d"
SERVICE_DAYS = Parameter(
    name="replies.service_days",
    default="1234567",
    pattern="[1-7]{1,7}",
    help="人工服务的日子（1 是周一），例如 12345",
    english="The days of personal service (1 is Monday), as in 12345",
)
SERVICE_SINCE = Parameter(
    name="replies.service_since",
    default="09:00",
    pattern=_CLOCK,
    help="人工服务开始的时间，例如 09:00",
    english="When personal service begins, as in 09:00",
)
SERVICE_UNTIL = Parameter(
    name="replies.service_until",
    default="21:00",
    pattern=_CLOCK,
    help="人工服务结束的时间；早于开始时间表示到次日，相同表示全天",
    english=("When personal service ends; earlier than its beginning means the next day, the same means all day"),
)

_LONGEST_HELP = 600
_WEEKDAYS = "一二三四五六日"


async def _help(view: View) -> Response:
    """The commands there are, and the rules that marketers want shown, as far as they fit."""
    act = await act_of(view)
    rules = [rule for rule in (await book())[Trigger.KEYWORD] if rule.in_help and rule.holds(act)]
    lines = [f"{one.command.words[0]}：{one.command.title}" for one in registered() if one.command is not HELP]
    lines += [rule.words[0] if rule.name == rule.words[0] else f"{rule.words[0]}：{rule.name}" for rule in rules]
    said = "您可以回复："
    for line in lines:
        if len(said) + len(line) < _LONGEST_HELP:
            said = f"{said}\n{line}"
    return Response(text=said)


async def _person(view: View) -> Response:
    """A person is wanted: who will answer, and when."""
    chat = await view.chat()
    if chat is not None and chat.served:
        return Response(text="同事正在为您服务，请直接留言。", hand_over=True)
    known = await queries.known(crypto.digest(view.app_id, view.push.openid))
    who = f"您的导购{known.guide}或其他同事" if known.guide else "客服"
    at = (await act_of(view)).at
    service = hours(
        [int(day) for day in await SERVICE_DAYS.get()], await SERVICE_SINCE.get(), await SERVICE_UNTIL.get()
    )
    if are_open([service], at):
        return Response(text=f"已为您转人工，{who}会尽快回复您。", hand_over=True)
    when = _moment(next_opening([service], at), at)
    said = f"现在不是人工服务时间（{_in_words(service)}）。您的留言我们已收到，{who}会在{when}之后回复您。"
    return Response(text=said, hand_over=True)


def _moment(then: datetime, now: datetime) -> str:
    days = (then.date() - now.date()).days
    day = ("今天", "明天")[days] if days < 2 else f"周{_WEEKDAYS[then.weekday()]}"  # noqa: PLR2004 - the third is a weekday
    return f"{day}{then:%H:%M}"


def _in_words(service: Hours) -> str:
    """周一至周五 09:00–18:00."""
    if service.since == service.until:
        return f"{_days(service.days)}全天"
    next_day = "次日" if service.until < service.since else ""
    return f"{_days(service.days)} {service.since:%H:%M}–{next_day}{service.until:%H:%M}"


def _days(days: frozenset[int]) -> str:
    if len(days) == len(_WEEKDAYS):
        return "每天"
    runs = [[day for _, day in run] for _, run in groupby(enumerate(sorted(days)), key=lambda one: one[1] - one[0])]
    names = [[f"周{_WEEKDAYS[day - 1]}" for day in run] for run in runs]
    return "、".join(run[0] if len(run) == 1 else f"{run[0]}至{run[-1]}" for run in names)


HELP = ChatCommand(words=("帮助", "help", "?"), title="看看可以问什么", respond=_help)
PERSON = ChatCommand(
    words=("人工", "转人工", "客服", "人工客服", "人工服务", "联系客服"), title="转人工服务", respond=_person
)
COMMANDS = (HELP, PERSON)
