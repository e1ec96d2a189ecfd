"""Calls about many people at once: one who can't be served must not keep the others from it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from wechat.platform.errors import PlatformRefused
from wechat.platform.policy import Action

# After so many tries, alone in the end, a refusal that we don't know is final.
_TRIES = 10
# How long an account is left alone when the platform is away: calls that time out would keep the workers from all else.
PAUSE = timedelta(minutes=1)

_PERSONAL_ACTIONS = {Action.MARK_OPENID_WRONG, Action.MARK_NOT_FOLLOWING}
_PERSONAL = {45059, 49003}  # too many tags on a fan; an openid of another account
_NO_SUCH_TAG = 45159
_OF_THE_ACCOUNT = {Action.ALERT, Action.REFRESH_TOKEN}
_LONGEST_SECONDS = 3600


@dataclass(slots=True)
class Outcome:
    """Who was served, and why others can't be; `unclear` may be refused because of somebody else, and wait."""

    done: list[str] = field(default_factory=list)
    refused: dict[str, PlatformRefused] = field(default_factory=dict)
    given_up: dict[str, PlatformRefused] = field(default_factory=dict)
    unclear: dict[str, PlatformRefused] = field(default_factory=dict)


async def send(attempts: Mapping[str, int], call: Callable[[Sequence[str]], Awaitable[None]]) -> Outcome:
    """Make a call about these openids, whose how-manyth attempt it is; the platform takes all or none.

    Refused because of one person, it is halved until that one stands alone; for a reason unknown to us, it is halved
    once at the first attempt, twice at the second, and so on. Raises what else the call raises; what was done by then
    may be done again.
    """
    outcome, waiting = Outcome(), [(list(attempts), max(attempts.values()))]
    while waiting:
        some, halvings = waiting.pop()
        try:
            await call(some)
        except PlatformRefused as refusal:
            if refusal.action in _OF_THE_ACCOUNT or refusal.errcode == _NO_SUCH_TAG:
                raise
            personal = refusal.action in _PERSONAL_ACTIONS or refusal.errcode in _PERSONAL
            if len(some) > 1 and (personal or halvings):
                left = halvings if personal else halvings - 1
                waiting += [(some[: len(some) // 2], left), (some[len(some) // 2 :], left)]
            elif personal:
                outcome.refused[some[0]] = refusal
            else:
                for openid in some:
                    final = len(some) == 1 and attempts[openid] >= _TRIES
                    (outcome.given_up if final else outcome.unclear)[openid] = refusal
        else:
            outcome.done += some
    return outcome


def back_off(attempts: int) -> timedelta:
    """How long to wait after so many tries: doubling, an hour at most."""
    return timedelta(seconds=min(2 ** min(attempts, 12), _LONGEST_SECONDS))
