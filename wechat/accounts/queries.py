"""Reading accounts; the push endpoint reads them through a cache of two seconds."""

import base64
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from infra import crypto
from infra.cache import Cache
from wechat.accounts.errors import AccountNotFound
from wechat.accounts.models import Account
from wechat.accounts.rules import Kind, Mode


@dataclass(frozen=True)
class Credentials:
    """An account with its secrets decrypted; it lives in memory only and hides them from logs."""

    id: UUID
    app_id: str
    original_id: str
    kind: Kind
    mode: Mode
    name: str
    secret: str
    token: str
    aes_key: str

    def __repr__(self) -> str:
        return f"Credentials({self.app_id})"

    @cached_property
    def cipher_key(self) -> bytes:
        """The 32 bytes of AES key behind EncodingAESKey (wechat-platform §2.3)."""
        return base64.b64decode(self.aes_key + "=")


async def _read_all(_key: str) -> dict[str, Credentials]:
    return {account.app_id: _decrypted(account) for account in await Account.all()}


_accounts = Cache("accounts", _read_all)


async def credentials(app_id: str) -> Credentials:
    """The account of an app id, at most two seconds old; one just added is known. Raises AccountNotFound."""
    account = (await _accounts.get()).get(app_id) or (await _accounts.reread(older_than=0.02)).get(app_id)
    if account is None:
        raise AccountNotFound
    return account


def forget() -> None:
    """Read anew next time (between tests)."""
    _accounts.clear()


async def page(after: UUID | None, limit: int) -> list[Account]:
    """Accounts in the order they were added."""
    found = Account.all() if after is None else Account.filter(id__gt=after)
    return await found.order_by("id").limit(limit)


def _decrypted(account: Account) -> Credentials:
    return Credentials(
        id=account.id,
        app_id=account.app_id,
        original_id=account.original_id,
        kind=account.kind,
        mode=account.mode,
        name=account.name,
        secret=crypto.decrypt(account.secret),
        token=crypto.decrypt(account.token),
        aes_key=crypto.decrypt(account.aes_key),
    )
