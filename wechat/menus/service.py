"""Use cases around menus. The platform hears of a menu afterwards (`publishing.py`)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from core.organisation.queries import Colleague
from infra import audit, clock
from infra.database import Connection, constraint_errors, transaction
from infra.ids import new_id
from wechat.accounts.models import Account
from wechat.menus import problems, queries
from wechat.menus.errors import (
    AccountNotImported,
    MenuChanged,
    MenuNotFound,
    MenuNotPublished,
    MenuOnItsWay,
    MenuUnfit,
)
from wechat.menus.rules import MenuState
from wechat.menus.schemas import ButtonIn, MenuIn, PersonalIn
from wechat.platform.errors import AccountDisabled, AccountInShadow

_DRAFT = "SELECT * FROM menu_edition WHERE account_id = $1 AND state = 'draft'"
_NEXT = "SELECT COALESCE(max(number), 0) + 1 FROM menu_edition WHERE account_id = $1"

_ADD = """
INSERT INTO menu_edition (id, account_id, number, state, buttons, personal, version, changed_by_id, changed_at,
    attempts, next_at, published_by_id, created_at)
VALUES ($1, $2, $3, $4::text, $5::jsonb, $6::jsonb, 1, $7, $8, 0, CASE WHEN $4 = 'publishing' THEN $8::timestamptz END,
    CASE WHEN $4 = 'publishing' THEN $7::uuid END, $8)
"""

_CHANGE = """
UPDATE menu_edition SET buttons = $2::jsonb, personal = $3::jsonb, version = version + 1, changed_by_id = $4,
    changed_at = $5 WHERE id = $1
"""

# Numbers are in the order of publishing: a draft may have waited while a former edition was restored.
_SUBMIT = """
UPDATE menu_edition SET state = 'publishing', attempts = 0, error = NULL, next_at = $2, published_by_id = $3,
    number = CASE WHEN number = $4 - 1 THEN number ELSE $4 END WHERE id = $1 RETURNING number
"""

_TAKEN = {"menu_edition_draft_key": MenuChanged, "menu_edition_publishing_key": MenuOnItsWay}


async def put_draft(account_id: UUID, body: MenuIn, by: Colleague) -> UUID:
    """Write the draft (version 0: a new one); returns its id. Raises AccountNotFound, AccountHasNoMenu, MenuChanged."""
    await queries.official(account_id)
    said = _json(body.buttons), _json(body.personal)
    with constraint_errors(_TAKEN):
        async with transaction() as connection:
            present = await _turn(connection, account_id, body.version)
            if present is None:
                menu_id, number = await _add(connection, account_id, MenuState.DRAFT, said, by)
            else:
                menu_id, number = present["id"], present["number"]
                await connection.execute(_CHANGE, menu_id, *said, by.id, clock.now())
            await audit.note("menu.drafted", "menu", menu_id, {"number": number, "version": body.version + 1})
    return menu_id


async def publish(account_id: UUID, version: int, by: Colleague) -> UUID:
    """Send the draft on its way; returns its id.

    Raises AccountNotFound, AccountHasNoMenu, AccountNotImported, AccountInShadow, AccountDisabled, MenuChanged (also
    when there is no draft), MenuUnfit, MenuOnItsWay.
    """
    await _expect_speaking(account_id)
    with constraint_errors(_TAKEN):
        async with transaction() as connection:
            draft = await _turn(connection, account_id, version)
            if draft is None:
                raise MenuChanged({"version": 0})
            await _expect_fit(account_id, draft)
            following = await connection.fetchval(_NEXT, account_id)
            number = await connection.fetchval(_SUBMIT, draft["id"], clock.now(), by.id, following)
            await audit.note("menu.submitted", "menu", draft["id"], {"number": number})
    menu_id: UUID = draft["id"]
    return menu_id


async def restore(account_id: UUID, menu_id: UUID, by: Colleague) -> UUID:
    """Publish what an edition holds once more, as a new one; returns its id. The draft stays as it is.

    Raises as `publish` does, and MenuNotFound, MenuNotPublished.
    """
    await _expect_speaking(account_id)
    with constraint_errors(_TAKEN):
        async with transaction() as connection:
            await _lock(connection, account_id)
            sql = "SELECT * FROM menu_edition WHERE id = $1 AND account_id = $2"
            former = await connection.fetchrow(sql, menu_id, account_id)
            if former is None:
                raise MenuNotFound
            if former["state"] == MenuState.DRAFT:
                raise MenuNotPublished
            await _expect_fit(account_id, former)
            said = former["buttons"], former["personal"]
            restored, number = await _add(connection, account_id, MenuState.PUBLISHING, said, by)
            await audit.note("menu.restored", "menu", restored, {"number": number, "from": former["number"]})
    return restored


async def _expect_speaking(account_id: UUID) -> None:
    """Menus of silent accounts stay as they are, and nothing is overwritten before it was read."""
    account: Account = (await queries.official(account_id))[0]
    if account.disabled_at is not None:
        raise AccountDisabled
    if account.shadow:
        raise AccountInShadow
    if account.imported_at is None:
        raise AccountNotImported


async def _expect_fit(account_id: UUID, row: asyncpg.Record) -> None:
    found = problems.problems_of(*queries.buttons_of(row), await problems.limits(), await queries.known(account_id))
    if errors := problems.errors_in(found):
        raise MenuUnfit({"problems": [error.model_dump() for error in errors]})


async def _lock(connection: Connection, account_id: UUID) -> None:
    """Whoever adds or publishes an edition of this account takes turns."""
    await connection.execute("SELECT FROM wechat_account WHERE id = $1 FOR NO KEY UPDATE", account_id)


async def _turn(connection: Connection, account_id: UUID, version: int) -> asyncpg.Record | None:
    """The draft of this version, held by the account's lock; None for version 0 without one. Raises MenuChanged."""
    await _lock(connection, account_id)
    draft = await connection.fetchrow(_DRAFT, account_id)
    present = draft["version"] if draft else 0
    if present != version:
        raise MenuChanged({"version": present})
    return draft


async def _add(
    connection: Connection, account_id: UUID, state: MenuState, content: tuple[str, str], by: Colleague
) -> tuple[UUID, int]:
    """A new edition of (buttons, personal menus) in JSON: (its id, its number)."""
    menu_id, number = new_id(), await connection.fetchval(_NEXT, account_id)
    await connection.execute(_ADD, menu_id, account_id, number, state, *content, by.id, clock.now())
    return menu_id, number


def _json(items: Sequence[ButtonIn] | Sequence[PersonalIn]) -> str:
    said: list[dict[str, Any]] = [item.model_dump(mode="json", exclude_defaults=True) for item in items]
    return orjson.dumps(said).decode()
