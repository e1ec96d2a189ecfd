"""Who is asked for an answer, in which order, and what each says: the one way for pushes and for trying it out.

A text asks the exact key words that stand before commands, the commands, all other key words, and the rules for the
rest. A tap on the menu asks the rules of its key, commands of that name and rules of the event. A follow asks the words
of its guide, store or channel, the rules, and everybody's welcome.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from infra import crypto
from infra.parameters import Parameter
from wechat.autoreplies import queries
from wechat.autoreplies.acts import Act
from wechat.autoreplies.book import Book, Rule
from wechat.autoreplies.commands import Command, registered
from wechat.autoreplies.filling import ACCOUNT, CALLING, GUIDE, STORE, filled
from wechat.autoreplies.rules import Trigger, Why
from wechat.conversations import queries as conversations
from wechat.pushes.messages import Scan, Subscribe
from wechat.pushes.responders import Response
from wechat.welcomes import responders as welcomes

DEFAULT_PAUSE_MINUTES = Parameter(
    name="replies.default_pause_minutes",
    default=60,
    least=1,
    most=10_080,
    help="默认回复对同一粉丝的间隔（分钟），间隔内只回复一次",
    english="A fan hears the default reply once in so long",
    unit="分钟",
)


@dataclass(frozen=True, slots=True)
class Greeting:
    """A welcome among those who are asked."""

    name: str
    particular: bool
    everybodys: bool

    def refusal(self, _act: Act) -> Why | None:
        return None


Candidate: TypeAlias = Rule | Command | Greeting

_OF_CODE = Greeting("导购、门店或渠道的欢迎语", particular=True, everybodys=False)
_EVERYBODYS = Greeting("所有人的欢迎语", particular=False, everybodys=True)
_OF_SCAN = Greeting("扫码欢迎语", particular=True, everybodys=True)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking somebody; the first response is what the fan reads."""

    asked: Candidate
    why: Why
    response: Response | None = None


async def ask(act: Act, book: Book, *, everybody: bool) -> AsyncGenerator[Outcome, None]:
    """Ask one after the other; the first who answers is heard, with `everybody` also what all the others say."""
    answered = False
    for candidate in _in_order(act, book):
        refusal = candidate.refusal(act)
        # Hundreds of rules refuse a text: they are passed over without a word.
        if refusal is not None and not everybody:
            continue
        said = refusal or await _answer(candidate, act, book)
        if isinstance(said, Why):
            yield Outcome(candidate, said)
        elif answered:
            yield Outcome(candidate, Why.LATER)
        else:
            answered = True
            yield Outcome(candidate, Why.ANSWERED, said)


def _in_order(act: Act, book: Book) -> Sequence[Candidate]:
    if act.event is None:
        return _upon_message(act, book)
    events = book[Trigger.EVENT]
    match act.view.push.body:
        case Subscribe():
            return [_OF_CODE, *book[Trigger.FOLLOW], _EVERYBODYS]
        case Scan():
            return [_OF_SCAN, *events]
    return events if act.key is None else [*book[Trigger.MENU], *registered(), *events]


def _upon_message(act: Act, book: Book) -> Sequence[Candidate]:
    if act.written is None:
        return book[Trigger.DEFAULT]
    first, others = list[Rule](), list[Rule]()
    for rule in book[Trigger.KEYWORD]:
        (first if rule.before_commands else others).append(rule)
    return [*first, *registered(), *others, *book[Trigger.DEFAULT]]


async def _answer(candidate: Candidate, act: Act, book: Book) -> Response | Why:
    match candidate:
        case Rule():
            return await _of_rule(candidate, act, book)
        case Command():
            response: Response | None = await candidate.command.respond(act.view)
        case Greeting():
            response = await welcomes.welcome(
                act.view, particular=candidate.particular, everybodys=candidate.everybodys
            )
            if response is not None:
                return _allowed(response, act)
    return response or Why.NOTHING_TO_SAY


def _allowed(response: Response, act: Act) -> Response | Why:
    """Words may have been banned since somebody wrote these."""
    return Why.BANNED_WORD if act.banned.find_in(*response.contents) else response


async def _of_rule(rule: Rule, act: Act, book: Book) -> Response | Why:
    held_back = await _held_back(act, book) if rule.trigger is Trigger.DEFAULT else None
    if held_back is not None:
        return held_back
    contents = filled(rule.contents, await _values(rule.placeholders, act)) if rule.placeholders else rule.contents
    if not contents and not rule.hand_over:
        return Why.NOTHING_TO_SAY
    return _allowed(Response(contents=contents, rule_id=rule.id, hand_over=rule.hand_over), act)


async def _held_back(act: Act, book: Book) -> Why | None:
    """Why no rule for the rest speaks now: a person does, or one of them has spoken a moment ago."""
    rule_ids = [rule.id for rule in book[Trigger.DEFAULT]]
    since = act.at - timedelta(minutes=await DEFAULT_PAUSE_MINUTES.get())
    # Before the thread: an answer goes from the one into the other, and is seen in one of them.
    pending = await queries.is_pending(_identity(act), rule_ids, since)
    chat = await act.view.chat()
    if chat is not None and chat.served:
        return Why.PERSON_SERVES
    said = pending or (chat is not None and await conversations.said_by_rule(chat.id, rule_ids, since))
    return Why.SAID_RECENTLY if said else None


def _identity(act: Act) -> bytes:
    return crypto.digest(act.view.app_id, act.view.push.openid)


async def _values(placeholders: frozenset[str], act: Act) -> Mapping[str, str | None]:
    """What stands for the placeholders; of a newcomer guide and store are those of the code."""
    values: dict[str, str | None] = {ACCOUNT: act.view.account}
    if placeholders == {ACCOUNT}:
        return values
    known = await queries.known(_identity(act))
    target = await welcomes.target(act.view)
    guide, store = (target.guide, target.store) if target else (None, None)
    return values | {CALLING: known.calling, GUIDE: guide or known.guide, STORE: store or known.store}
