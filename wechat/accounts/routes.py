"""Accounts, for administrators."""

from typing import Annotated

from fastapi import APIRouter

from core.organisation.dependencies import Once, RequirePermission
from core.organisation.queries import Colleague
from infra.paging import Cursor, Limit, page_of
from infra.schemas import Page
from wechat.accounts import queries, service
from wechat.accounts.schemas import AccountIn, AccountOut

router = APIRouter(prefix="/staff/v1/accounts", tags=["accounts"])


@router.post("", status_code=201)
async def add_account(
    body: AccountIn, _by: Annotated[Colleague, RequirePermission("accounts:write")], once: Once
) -> AccountOut:
    """Connect an official account or a mini-program."""
    secrets = {name: getattr(body, name).get_secret_value() for name in ("secret", "token", "aes_key")}

    async def act() -> AccountOut:
        return AccountOut.model_validate(await service.add_account(**body.model_dump() | secrets))

    return await once.run(act, AccountOut)


@router.get("")
async def list_accounts(
    _by: Annotated[Colleague, RequirePermission("accounts:read")], cursor: Cursor = None, limit: Limit = 50
) -> Page[AccountOut]:
    """All accounts, without their secrets."""
    return page_of(AccountOut, await queries.page(cursor, limit + 1), limit)
