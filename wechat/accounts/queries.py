"""Reading accounts; the push endpoint reads them through a cache of two seconds."""

import base64
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

import orjson

from infra import clock, crypto
from infra.cache import Cache
from infra.parameters import Parameter
from wechat.accounts.errors import AccountNotFound
from wechat.accounts.models import Account
from wechat.accounts.rules import Kind, Mode

FORMER_KEY_HOURS = Parameter(
    name="wechat.former_key_hours",
    default=72,
    least=1,
    most=720,
    help="更换 Token 或 EncodingAESKey 后，旧的还能用于接收推送的小时数",
    english="After Token or EncodingAESKey were changed the former ones are taken for so many hours",
)


@dataclass(frozen=True)
class Keys:
    """What pushes are signed and encrypted with."""

    token: str
    aes_key: str

    def __repr__(self) -> str:
        return "Keys()"

    @cached_property
    def cipher_key(self) -> bytes:
        """The 32 bytes of AES key behind EncodingAESKey (wechat-platform §2.3)."""
        return base64.b64decode(self.aes_key + "=")


@dataclass(frozen=True)
class Credentials:
    """An account with its secrets decrypted; it lives in memory only and hides them from logs.

    `keys` are the pairs that open its pushes, newest first: after a change the former ones for some time.
    """

    id: UUID
    app_id: str
    original_id: str
    kind: Kind
    mode: Mode
    name: str
    secret: str
    keys: tuple[Keys, ...]
    shadow: bool
    forward_url: str | None
    imported: bool
    disabled: bool

    @property
    def silent(self) -> bool:
        """Whether pushes are only received: nothing of ours reaches a fan."""
        return self.shadow or self.disabled

    def __repr__(self) -> str:
        return f"Credentials({self.app_id})"


async def _read_all(_key: str) -> dict[str, Credentials]:
    former_from = clock.timestamp() - 3600 * await FORMER_KEY_HOURS.get()
    return {account.app_id: _decrypted(account, former_from) for account in await Account.all()}


_accounts = Cache("accounts", _read_all)


async def credentials(app_id: str) -> Credentials:
    """The account of an app id, at most two seconds old; one just added is known. Raises AccountNotFound."""
    account = (await _accounts.get()).get(app_id) or (await _accounts.reread(older_than=0.02)).get(app_id)
    if account is None:
        raise AccountNotFound
    return account


async def every() -> list[Credentials]:
    """All accounts that are not disabled, in the order they were added."""
    accounts = (await _accounts.get()).values()
    return sorted((account for account in accounts if not account.disabled), key=lambda account: account.id)


def forget() -> None:
    """Read anew next time (between tests)."""
    _accounts.clear()


async def account(app_id: str) -> Account:
    """The account of an app id as it stands. Raises AccountNotFound."""
    return _found(await Account.get_or_none(app_id=app_id))


async def account_by_id(account_id: UUID) -> Account:
    """The account as it stands. Raises AccountNotFound."""
    return _found(await Account.get_or_none(id=account_id))


def _found(account: Account | None) -> Account:
    if account is None:
        raise AccountNotFound
    return account


async def page(after: UUID | None, limit: int) -> list[Account]:
    """Accounts in the order they were added."""
    found = Account.all() if after is None else Account.filter(id__gt=after)
    return await found.order_by("id").limit(limit)


def _decrypted(account: Account, former_from: float) -> Credentials:
    return Credentials(
        id=account.id,
        app_id=account.app_id,
        original_id=account.original_id,
        kind=account.kind,
        mode=account.mode,
        name=account.name,
        secret=crypto.decrypt(account.secret),
        keys=_keys(account, former_from),
        shadow=account.shadow,
        forward_url=account.forward_url,
        imported=account.imported_at is not None,
        disabled=account.disabled_at is not None,
    )


def former_keys(account: Account) -> list[tuple[str, str, float]]:
    """Token, aes_key and time of change (seconds since 1970) of the former pairs, newest first."""
    return [] if account.former_keys is None else orjson.loads(crypto.decrypt(account.former_keys))


def _keys(account: Account, former_from: float) -> tuple[Keys, ...]:
    newest = Keys(crypto.decrypt(account.token), crypto.decrypt(account.aes_key))
    former = [Keys(token, aes_key) for token, aes_key, changed_at in former_keys(account) if changed_at >= former_from]
    return newest, *former
