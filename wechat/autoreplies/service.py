"""Use cases around automatic replies."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from core.organisation.queries import Colleague
from infra import audit, clock
from infra.database import Connection, constraint_errors, transaction
from infra.ids import new_id
from infra.parameters import Parameter
from wechat.accounts.errors import AccountNotFound
from wechat.autoreplies import book, pictures
from wechat.autoreplies.acts import UNANSWERED
from wechat.autoreplies.errors import (
    AutoRepliesUsedUp,
    AutoReplyChanged,
    AutoReplyNotFound,
    EventNotAnswered,
    PatternInvalid,
    TooManyContents,
)
from wechat.autoreplies.filling import PLACEHOLDERS, placeholders_in
from wechat.autoreplies.patterns import Pattern
from wechat.autoreplies.rules import Match, Trigger
from wechat.autoreplies.schemas import AutoReplyChange, AutoReplyIn
from wechat.conversations.words import refuse_banned
from wechat.outbound.windows import MESSAGE_COUNT, SHORT_COUNT
from wechat.pushes.replies import is_passive
from wechat.welcomes.errors import UnknownPlaceholder

MOST_RULES = Parameter(
    name="replies.most",
    default=500,
    least=1,
    most=2000,
    help="自动回复的总数上限",
    english="The most automatic replies there may be",
    unit="条",
)

_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('auto replies', 0))"
_COUNT = "SELECT count(*) FROM auto_reply WHERE deleted_at IS NULL"
_HOLD = "SELECT version, contents FROM auto_reply WHERE id = $1 AND deleted_at IS NULL FOR UPDATE"

_COLUMNS = """account_id, name, trigger, match, words, hours, contents, hand_over, before_commands, in_help, priority,
    enabled"""
_ADD = f"""
INSERT INTO auto_reply (id, version, changed_by_id, changed_at, created_at, {_COLUMNS})
VALUES ($1, 1, $2, $3, $3, $4, $5, $6, $7, $8::jsonb, $9::jsonb, $10::jsonb, $11, $12, $13, $14, $15)
"""
_CHANGE = f"""
UPDATE auto_reply SET version = version + 1, changed_by_id = $2, changed_at = $3, ({_COLUMNS})
    = ($4, $5, $6, $7, $8::jsonb, $9::jsonb, $10::jsonb, $11, $12, $13, $14, $15) WHERE id = $1
"""
_DELETE = """
UPDATE auto_reply SET deleted_at = $3, changed_at = $3, changed_by_id = $2, version = version + 1
WHERE id = $1 AND deleted_at IS NULL RETURNING name
"""

_CONSTRAINTS = {"auto_reply_account_id_fkey": AccountNotFound}


async def add(by: Colleague, body: AutoReplyIn) -> UUID:
    """A new rule.

    Raises AutoRepliesUsedUp, AccountNotFound, UnknownPlaceholder, PatternInvalid, EventNotAnswered, TooManyContents,
    BannedWordInText, PictureNotFound, FileNotFound.
    """
    await _expect_sayable(body)
    most, rule_id, stored = await MOST_RULES.get(), new_id(), _stored(body)
    with constraint_errors(_CONSTRAINTS):
        async with transaction() as connection:
            await connection.execute(_ALONE)
            if await connection.fetchval(_COUNT) >= most:
                raise AutoRepliesUsedUp({"most": most})
            await pictures.keep(connection, pictures.ids(stored["contents"]), by)
            await connection.execute(_ADD, rule_id, by.id, clock.now(), *_values(stored))
            await audit.note("auto_reply.added", "auto_reply", rule_id, stored)
    book.forget()
    return rule_id


async def change(by: Colleague, rule_id: UUID, body: AutoReplyChange) -> None:
    """Write a rule anew. Raises AutoReplyNotFound, AutoReplyChanged, and as `add` does."""
    await _expect_sayable(body)
    stored = _stored(body)
    with constraint_errors(_CONSTRAINTS):
        async with transaction() as connection:
            shown = await _hold(connection, rule_id, body.version)
            await pictures.keep(connection, pictures.ids(stored["contents"]) - shown, by)
            await connection.execute(_CHANGE, rule_id, by.id, clock.now(), *_values(stored))
            await audit.note("auto_reply.changed", "auto_reply", rule_id, stored | {"version": body.version + 1})
    book.forget()


async def delete(by: Colleague, rule_id: UUID) -> None:
    """Delete a rule; what it said stays in the threads under its name. Raises AutoReplyNotFound."""
    async with transaction() as connection:
        name = await connection.fetchval(_DELETE, rule_id, by.id, clock.now())
        if name is None:
            raise AutoReplyNotFound
        await audit.note("auto_reply.deleted", "auto_reply", rule_id, {"name": name})
    book.forget()


async def _hold(connection: Connection, rule_id: UUID, version: int) -> set[UUID]:
    """Lock a rule of this version; the pictures that it has been showing."""
    row = await connection.fetchrow(_HOLD, rule_id)
    if row is None:
        raise AutoReplyNotFound
    if row["version"] != version:
        raise AutoReplyChanged({"version": row["version"]})
    return pictures.ids(orjson.loads(row["contents"]))


async def _expect_sayable(body: AutoReplyIn) -> None:
    if unknown := sorted(placeholders_in(body.contents) - PLACEHOLDERS):
        raise UnknownPlaceholder({"placeholders": unknown})
    if body.match is Match.PATTERN:
        _expect_patterns(body.words)
    if body.trigger is Trigger.EVENT and (unheard := [word for word in body.words if word.lower() in UNANSWERED]):
        raise EventNotAnswered({"events": unheard})
    await _expect_room(body)
    await refuse_banned(*body.contents)


def _expect_patterns(patterns: Sequence[str]) -> None:
    for pattern in patterns:
        if Pattern(pattern).finds(""):
            raise PatternInvalid({"pattern": pattern, "reason": "matches everything"})


async def _expect_room(body: AutoReplyIn) -> None:
    """As many contents as the platform takes after such an act; the reply to the push itself counts nowhere."""
    window = MESSAGE_COUNT if body.trigger in {Trigger.KEYWORD, Trigger.DEFAULT} else SHORT_COUNT
    beside = 1 if body.contents and is_passive(body.contents[0]) else 0
    most = beside + (0 if body.trigger is Trigger.EVENT else await window.get())
    if len(body.contents) > most:
        raise TooManyContents({"most": most, "passive": beside})


def _stored(body: AutoReplyIn) -> dict[str, Any]:
    """A rule as it is kept; events are compared in lower case, as the platform's are told apart."""
    stored = body.model_dump(mode="json", exclude={"version"})
    if body.trigger is Trigger.EVENT:
        stored["words"] = [word.lower() for word in body.words]
    return stored


def _values(stored: Mapping[str, Any]) -> list[Any]:
    return [
        orjson.dumps(found).decode() if isinstance(found, list) else found
        for found in (stored[name.strip()] for name in _COLUMNS.split(","))
    ]
