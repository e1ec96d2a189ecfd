"""Use cases around accounts."""

from uuid import UUID

import orjson

from infra import audit, clock, crypto
from infra.database import constraint_errors, transaction
from infra.ids import new_id
from infra.outbox import publish
from wechat.accounts import queries
from wechat.accounts.errors import AccountExists, AccountNotFound
from wechat.accounts.events import AccountAdded
from wechat.accounts.models import Account
from wechat.accounts.rules import Kind, Mode

_MOST_FORMER = 5


async def add_account(
    *,
    app_id: str,
    original_id: str,
    kind: Kind,
    mode: Mode,
    name: str,
    secret: str,
    token: str,
    aes_key: str,
    shadow: bool = False,
    forward_url: str | None = None,
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
                shadow=shadow,
                forward_url=forward_url,
                created_at=clock.now(),
            )
            await publish(AccountAdded(account_id=account.id))
            await audit.note("account.added", "account", account.id, {"app_id": app_id, "name": name, "shadow": shadow})
    queries.forget()
    return account


async def change_account(
    account_id: UUID,
    *,
    name: str | None = None,
    mode: Mode | None = None,
    secret: str | None = None,
    token: str | None = None,
    aes_key: str | None = None,
    shadow: bool | None = None,
    disabled: bool | None = None,
    forward_url: str | None = None,
) -> Account:
    """Change what is given; an empty `forward_url` ends the forwarding. Raises AccountNotFound.

    The pair of token and aes_key before a change becomes a former one, which opens pushes until the platform has
    taken over the new pair.
    """
    async with transaction():
        account = await Account.select_for_update().get_or_none(id=account_id)
        if account is None:
            raise AccountNotFound
        account.name = name or account.name
        account.mode = mode or account.mode
        if secret is not None:
            account.secret = crypto.encrypt(secret)
        _change_keys(account, token, aes_key)
        account.shadow = account.shadow if shadow is None else shadow
        if disabled is not None:
            account.disabled_at = (account.disabled_at or clock.now()) if disabled else None
        if forward_url is not None:
            account.forward_url = forward_url or None
        await account.save()
        await audit.note(
            "account.changed",
            "account",
            account_id,
            {
                "fields": _given(
                    name=name,
                    mode=mode,
                    secret=secret,
                    token=token,
                    aes_key=aes_key,
                    shadow=shadow,
                    disabled=disabled,
                    forward_url=forward_url,
                )
            },
        )
    queries.forget()
    return account


async def mark_imported(account_id: UUID) -> None:
    """What the account had on the platform has been read: from now on we may write there."""
    await Account.filter(id=account_id).update(imported_at=clock.now())
    queries.forget()


def _given(**values: object) -> list[str]:
    """What was to be changed, by name: most of it is secret."""
    return [name for name, value in values.items() if value is not None]


def _change_keys(account: Account, token: str | None, aes_key: str | None) -> None:
    present = crypto.decrypt(account.token), crypto.decrypt(account.aes_key)
    wanted = token or present[0], aes_key or present[1]
    if wanted == present:
        return
    # Every pair of late stays: nobody knows which one the platform has taken over, and one of them may be a slip.
    former = [(*present, clock.timestamp()), *queries.former_keys(account)]
    account.former_keys = crypto.encrypt(orjson.dumps(former[:_MOST_FORMER]).decode())
    account.token, account.aes_key = crypto.encrypt(wanted[0]), crypto.encrypt(wanted[1])
