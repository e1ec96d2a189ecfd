"""Calls about many people at once: one who can't be served must not keep the others from it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from wechat.platform.errors import PlatformRefused
from wechat.platform.policy import Action

_PERSONAL = {Action.MARK_OPENID_WRONG, Action.MARK_NOT_FOLLOWING}
_TOO_MANY_TAGS = 45059
_LONGEST_SECONDS = 3600


@dataclass(slots=True)
class Outcome:
    """Who was served, and why others can't be."""

    done: list[str] = field(default_factory=list)
    refused: dict[str, PlatformRefused] = field(default_factory=dict)


async def send(openids: Sequence[str], call: Callable[[Sequence[str]], Awaitable[None]]) -> Outcome:
    """Make a call that takes all or none; refused because of one person, it is halved until that one stands alone.

    Raises what else the call raises; what was done by then may be done again.
    """
    outcome, waiting = Outcome(), [list(openids)] if openids else []
    while waiting:
        some = waiting.pop()
        try:
            await call(some)
        except PlatformRefused as refusal:
            if refusal.action not in _PERSONAL and refusal.errcode != _TOO_MANY_TAGS:
                raise
            if len(some) == 1:
                outcome.refused[some[0]] = refusal
            else:
                waiting += [some[: len(some) // 2], some[len(some) // 2 :]]
        else:
            outcome.done += some
    return outcome


def back_off(attempts: int) -> timedelta:
    """How long to wait after so many tries: doubling, an hour at most."""
    return timedelta(seconds=min(2 ** min(attempts, 12), _LONGEST_SECONDS))
