"""Reading menus: the editions of an account, its draft, and what the next draft begins from."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from pydantic import TypeAdapter

from infra import database
from infra.context import ChatCommand
from wechat.accounts import queries as accounts
from wechat.accounts.models import Account
from wechat.accounts.queries import Credentials
from wechat.accounts.rules import Kind
from wechat.menus import problems
from wechat.menus.errors import AccountHasNoMenu, MenuNotFound
from wechat.menus.problems import Known
from wechat.menus.rules import MenuState
from wechat.menus.schemas import ButtonIn, MenuOut, PersonalIn
from wechat.menus.wording import understood
from wechat.platform import menus as platform

_EDITIONS = """
SELECT m.*, c.name AS changed_by, p.name AS published_by FROM menu_edition m
JOIN staff c ON c.id = m.changed_by_id LEFT JOIN staff p ON p.id = m.published_by_id WHERE m.account_id = $1
"""
_PAGE = f"""{_EDITIONS} AND ($2::uuid IS NULL OR m.number < (SELECT number FROM menu_edition WHERE id = $2))
ORDER BY m.number DESC LIMIT $3"""
_ONE = f"{_EDITIONS} AND m.id = $2"
# The draft, or what was asked to be published last.
_NEWEST = f"{_EDITIONS} ORDER BY m.state = 'draft' DESC, m.number DESC LIMIT 1"

_LABELS = "SELECT id, platform_id FROM wechat_label WHERE account_id = $1 AND deleted_at IS NULL"
_ANSWERED = """
SELECT DISTINCT r.trigger, w.key FROM auto_reply r CROSS JOIN jsonb_array_elements_text(r.words) AS w (key)
WHERE r.trigger IN ('menu', 'event') AND r.enabled AND r.deleted_at IS NULL
    AND (r.account_id IS NULL OR r.account_id = $1)
"""
_BEFORE_US = "SELECT content, read_at FROM wechat_menu WHERE account_id = $1"

_NOBODYS = UUID(int=0)
# Words of the chat's commands, which also answer a key of their name.
_commands = set[str]()
_buttons = TypeAdapter(list[ButtonIn])
_personal = TypeAdapter(list[PersonalIn])


def register(commands: Iterable[ChatCommand]) -> None:
    """The commands of all contexts."""
    _commands.update(word for command in commands for word in command.words)


async def official(account_id: UUID) -> tuple[Account, Credentials]:
    """An account that has a menu, as it stands and with its secrets. Raises AccountNotFound, AccountHasNoMenu."""
    account = await accounts.account_by_id(account_id)
    if account.kind is not Kind.OFFICIAL:
        raise AccountHasNoMenu
    return account, await accounts.credentials(account.app_id)


async def page(account_id: UUID, before: UUID | None, limit: int) -> list[MenuOut]:
    """The editions of an account, the newest first. Raises AccountNotFound, AccountHasNoMenu."""
    await official(account_id)
    return await _out(account_id, await database.fetch(_PAGE, account_id, before, limit))


async def edition(account_id: UUID, menu_id: UUID) -> MenuOut:
    """One of them. Raises MenuNotFound."""
    row = await database.fetch_one(_ONE, account_id, menu_id)
    if row is None:
        raise MenuNotFound
    return (await _out(account_id, [row]))[0]


async def draft(account_id: UUID) -> MenuOut:
    """The draft; before there is one, what it begins from, in version 0. Raises AccountNotFound, AccountHasNoMenu.

    It begins from what was published last, also in vain; before we published anything, from what was there before us.
    """
    account, _ = await official(account_id)
    row = await database.fetch_one(_NEWEST, account_id)
    if row is None:
        return await _before_us(account)
    (newest,) = await _out(account_id, [row])
    if newest.state is MenuState.DRAFT:
        return newest
    return await _nobodys(account_id, newest.number + 1, newest.buttons, newest.personal, newest.changed_at)


async def labels(account_id: UUID) -> dict[UUID, int | None]:
    """The account's labels, with the platform's number of each that it knows."""
    return {row["id"]: row["platform_id"] for row in await database.fetch(_LABELS, account_id)}


async def numbers(account_id: UUID) -> dict[UUID, int]:
    """The platform's numbers of our labels."""
    return {label: number for label, number in (await labels(account_id)).items() if number is not None}


async def known(account_id: UUID) -> Known:
    """What checks need to know."""
    rows = await database.fetch(_ANSWERED, account_id)
    keys, events = (frozenset(row["key"] for row in rows if row["trigger"] == kind) for kind in ("menu", "event"))
    return Known(keys | _commands, events, await labels(account_id))


def buttons_of(row: asyncpg.Record) -> tuple[list[ButtonIn], list[PersonalIn]]:
    """What a row of an edition holds."""
    return _buttons.validate_json(row["buttons"]), _personal.validate_json(row["personal"])


async def _out(account_id: UUID, rows: Sequence[asyncpg.Record]) -> list[MenuOut]:
    most, facts = await problems.limits(), await known(account_id)
    found = []
    for row in rows:
        buttons, personal = buttons_of(row)
        said = {"buttons": buttons, "personal": personal}
        said |= {"problems": problems.problems_of(buttons, personal, most, facts)}
        found.append(MenuOut.model_validate({**row, **said}))
    return found


async def _before_us(account: Account) -> MenuOut:
    row = await database.fetch_one(_BEFORE_US, account.id)
    content: dict[str, Any] = (orjson.loads(row["content"] or "null") if row else None) or {}
    ours = {number: label for label, number in (await numbers(account.id)).items()}
    buttons, personal = understood(platform.parsed(content), ours)
    return await _nobodys(account.id, 1, buttons, personal, row["read_at"] if row else account.created_at)


async def _nobodys(
    account_id: UUID, number: int, buttons: list[ButtonIn], personal: list[PersonalIn], at: datetime
) -> MenuOut:
    return MenuOut(
        id=_NOBODYS,
        account_id=account_id,
        number=number,
        state=MenuState.DRAFT,
        buttons=buttons,
        personal=personal,
        version=0,
        changed_by="",
        changed_at=at,
        published_at=None,
        published_by=None,
        error=None,
        problems=problems.problems_of(buttons, personal, await problems.limits(), await known(account_id)),
    )
