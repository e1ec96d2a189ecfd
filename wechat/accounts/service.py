"""Use cases around accounts."""

from infra import clock, crypto
from infra.database import constraint_errors, transaction
from infra.ids import new_id
from infra.outbox import publish
from wechat.accounts import queries
from wechat.accounts.errors import AccountExists
from wechat.accounts.events import AccountAdded
from wechat.accounts.models import Account
from wechat.accounts.rules import Kind, Mode


async def add_account(
    *, app_id: str, original_id: str, kind: Kind, mode: Mode, name: str, secret: str, token: str, aes_key: str
) -> Account:
    """Connect an account. Raises AccountExists when the app id or original id is known."""
    taken = {"wechat_account_app_id_key": AccountExists, "wechat_account_original_id_key": AccountExists}
    with constraint_errors(taken):
        async with transaction():
            account = await Account.create(
                id=new_id(),
                app_id=app_id,
                original_id=original_id,
                kind=kind,
                mode=mode,
                name=name,
                secret=crypto.encrypt(secret),
                token=crypto.encrypt(token),
                aes_key=crypto.encrypt(aes_key),
                created_at=clock.now(),
            )
            await publish(AccountAdded(account_id=account.id))
    queries.forget()
    return account
