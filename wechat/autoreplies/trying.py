"""Trying out: what a fan would hear, and why, by asking those who would be asked."""

from datetime import UTC

from infra import clock
from wechat.accounts import queries as accounts
from wechat.autoreplies.acts import act_of
from wechat.autoreplies.asking import Candidate, Outcome, ask
from wechat.autoreplies.book import Rule, newest
from wechat.autoreplies.commands import Command
from wechat.autoreplies.rules import Why
from wechat.autoreplies.schemas import ConsideredOut, TryIn, TryOut
from wechat.pushes.messages import Body, Click, Other, Push, Scan, Subscribe, Text
from wechat.pushes.responders import View

# Nobody has this name: a stranger asks.
_NOBODY = ""
_FOLLOWS = frozenset({"follow", "subscribe"})


async def answers(body: TryIn) -> TryOut:
    """Ask as if the account spoke and a stranger did this. Raises AccountNotFound."""
    account = await accounts.account_by_id(body.account_id)
    at = (body.at or clock.now()).astimezone(UTC)
    push = Push(account.original_id, _NOBODY, at, (), _body(body))
    act = await act_of(View(account.app_id, account.name, push))
    outcomes = [outcome async for outcome in ask(act, await newest(), everybody=True)]
    answered = next((outcome for outcome in outcomes if outcome.why is Why.ANSWERED), None)
    response = answered.response if answered else None
    return TryOut(
        answered_by=_told(answered) if answered else None,
        contents=list(response.contents) if response else [],
        hand_over=response.hand_over if response else False,
        considered=[_told(outcome) for outcome in outcomes],
    )


def _body(body: TryIn) -> Body:
    if body.text is not None:
        return Text(body.text)
    if body.menu_key is not None:
        return Click(body.menu_key)
    event = (body.event or "").lower()
    if event in _FOLLOWS:
        return Subscribe(None)
    return Scan("") if event == "scan" else Other(event, event=True)


def _told(outcome: Outcome) -> ConsideredOut:
    asked = outcome.asked
    return ConsideredOut(
        kind=_kind(asked),
        id=asked.id if isinstance(asked, Rule) else None,
        name=asked.command.title if isinstance(asked, Command) else asked.name,
        why=outcome.why,
        words="、".join(_words(asked)),
    )


def _kind(asked: Candidate) -> str:
    match asked:
        case Rule(trigger=trigger):
            return trigger.value
        case Command():
            return "command"
    return "welcome"


def _words(asked: Candidate) -> tuple[str, ...]:
    match asked:
        case Rule(words=words):
            return words
        case Command(command=command):
            return command.words
    return ()
