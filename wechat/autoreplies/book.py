"""All rules of the house in the order they are asked, cached in each process and compiled once per version."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from infra.cache import Cache
from infra.logging import logger
from wechat.autoreplies import queries
from wechat.autoreplies.acts import Act
from wechat.autoreplies.errors import PatternInvalid
from wechat.autoreplies.filling import placeholders_in
from wechat.autoreplies.hours import Hours, are_open, hours
from wechat.autoreplies.patterns import Pattern, find
from wechat.autoreplies.rules import Match, Trigger, Why, Written, fold, plain
from wechat.conversations import words
from wechat.outbound.contents import Content

Fits: TypeAlias = Callable[[Written], bool]

_CONTENTS = TypeAdapter(list[Content])


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule ready to be asked. `place` is where it stands among those of its trigger."""

    id: UUID
    name: str
    account_id: UUID | None
    trigger: Trigger
    words: tuple[str, ...]
    windows: tuple[Hours, ...]
    contents: tuple[Content, ...]
    placeholders: frozenset[str]
    hand_over: bool
    before_commands: bool
    in_help: bool
    enabled: bool
    place: tuple[Any, ...]
    fits: Callable[[Act], bool]

    def refusal(self, act: Act) -> Why | None:
        """Why it has no answer to this, as far as can be told without reading anything."""
        return self._closed(act) if self.fits(act) else Why.NO_MATCH

    def _closed(self, act: Act) -> Why | None:
        if self.account_id not in {None, act.account_id}:
            return Why.OTHER_ACCOUNT
        if not self.enabled:
            return Why.DISABLED
        return None if are_open(self.windows, act.at) else Why.CLOSED_HOURS

    def holds(self, act: Act) -> bool:
        """Whether it would answer at this moment who asks for it."""
        return self._closed(act) is None


Book: TypeAlias = Mapping[Trigger, Sequence[Rule]]

# What was compiled when it was last read, by id and version.
_compiled = dict[tuple[UUID, int], Rule | None]()


async def _read(_key: str) -> Book:
    present = await queries.versions()
    for former in _compiled.keys() - present:
        del _compiled[former]
    for row in await queries.rules([id_ for id_, _ in present - _compiled.keys()]):
        _compiled[row["id"], row["version"]] = _rule(row)
    found = sorted((rule for rule in _compiled.values() if rule), key=lambda rule: rule.place)
    return {trigger: tuple(rule for rule in found if rule.trigger is trigger) for trigger in Trigger}


_book = Cache("auto replies", _read)


async def book() -> Book:
    """The rules, two seconds old at most."""
    return await _book.get()


def fresh() -> Book | None:
    """The rules, if nothing has to be read for them."""
    return _book.fresh()


async def newest() -> Book:
    """The rules as they are now, for who has just changed one."""
    return await _book.reread(older_than=0.0)


async def warm() -> None:
    """Read the rules, and the words that none may say, before the first push comes."""
    await _book.get()
    await words.known()


def forget() -> None:
    """Read anew next time."""
    _book.clear()


def _rule(row: Mapping[str, Any]) -> Rule | None:
    """None for one that can't be read any more: it doesn't silence the others."""
    try:
        contents = tuple(_CONTENTS.validate_python(row["contents"]))
        return Rule(
            **{name: row[name] for name in ("id", "name", "account_id", "hand_over", "enabled")},
            **{name: row[name] for name in ("before_commands", "in_help")},
            trigger=Trigger(row["trigger"]),
            words=tuple(row["words"]),
            windows=tuple(hours(**window) for window in row["hours"]),
            contents=contents,
            placeholders=placeholders_in(contents),
            place=(row["priority"], _rank(row["match"]), row["id"]),
            fits=_fits(Trigger(row["trigger"]), row["match"], row["words"]),
        )
    except (ValidationError, PatternInvalid):
        logger().exception("auto_reply_unreadable", rule_id=str(row["id"]))
        return None


def _rank(match: str | None) -> int:
    return list(Match).index(Match(match)) if match else 0


def _fits(trigger: Trigger, match: str | None, words: Sequence[str]) -> Callable[[Act], bool]:
    if match is not None:
        fitting = fits(Match(match), words)
        return lambda act: act.written is not None and fitting(act.written)
    if trigger is Trigger.MENU:
        return lambda act: act.key in words
    return (lambda act: act.event in words) if trigger is Trigger.EVENT else (lambda _act: True)


def fits(match: Match, words: Sequence[str]) -> Fits:
    """Whether one of the words is (in) what a fan wrote. Raises PatternInvalid."""
    if match is Match.EXACT:
        whole = {plain(word) for word in words}
        return lambda what: what.plain in whole
    if match is Match.CONTAINS:
        parts = [fold(word) for word in words]
        return lambda what: any(map(what.folded.__contains__, parts))
    patterns = [Pattern(word) for word in words]
    return lambda what: find(patterns, what)
