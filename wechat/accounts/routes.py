"""Accounts, for administrators."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Secret

from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page
from wechat.accounts import queries, service
from wechat.accounts.schemas import AccountChange, AccountIn, AccountOut

router = APIRouter(prefix="/staff/v1/accounts", tags=["accounts"])


@router.post("", status_code=201)
async def add_account(
    body: AccountIn, _by: Annotated[Colleague, RequirePermission("accounts:write")], once: Once
) -> AccountOut:
    """Connect an official account or a mini-program."""

    async def act() -> AccountOut:
        return AccountOut.model_validate(await service.add_account(**_revealed(body)))

    return await once.run(act, AccountOut)


@router.patch("/{account_id}")
async def change_account(
    account_id: UUID, body: AccountChange, _by: Annotated[Colleague, RequirePermission("accounts:write")]
) -> AccountOut:
    """Change an account; after a change of token or aes_key the former pair still opens pushes for some days."""
    return AccountOut.model_validate(await service.change_account(account_id, **_revealed(body)))


@router.get("")
async def list_accounts(
    _by: Annotated[Colleague, RequirePermission("accounts:read")], cursor: Cursor = None, limit: Limit = 50
) -> Page[AccountOut]:
    """All accounts, without their secrets."""
    return page_of(AccountOut, await queries.page(cursor, limit + 1), limit)


def _revealed(body: AccountIn | AccountChange) -> dict[str, Any]:
    values = body.model_dump(exclude_none=True)
    return {name: value.get_secret_value() if isinstance(value, Secret) else value for name, value in values.items()}
