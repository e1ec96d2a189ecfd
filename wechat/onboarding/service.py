"""Use cases of the first day: reading what an account had, serving verification files, examining an account."""

from datetime import timedelta
from uuid import UUID

import orjson

from infra import clock, database
from infra.errors import DomainError
from infra.ids import new_id
from infra.logging import logger
from wechat.accounts import queries as accounts
from wechat.accounts import service as account_service
from wechat.accounts.queries import Credentials
from wechat.accounts.rules import Kind
from wechat.blocks.service import import_blocks
from wechat.followers import service as followers
from wechat.labels.service import import_labels
from wechat.onboarding import account_checks, queries
from wechat.onboarding.models import Import, VerifyFile
from wechat.onboarding.rules import Finding
from wechat.platform import menus

_LEASE = timedelta(minutes=3)  # longer than a task may take
_LONGEST_WAIT = timedelta(hours=1)

_DUE = """
SELECT a.id, a.app_id FROM wechat_account a LEFT JOIN wechat_import i ON i.account_id = a.id
WHERE a.imported_at IS NULL AND a.disabled_at IS NULL AND (i.id IS NULL OR i.next_at <= $1) ORDER BY a.id
"""

# A claim is a lease; no row comes back when somebody else was faster.
_CLAIM = """
INSERT INTO wechat_import (id, account_id, attempts, next_at) VALUES ($1, $2, 1, $4)
ON CONFLICT (account_id) DO UPDATE SET attempts = wechat_import.attempts + 1, next_at = $4
WHERE wechat_import.next_at <= $3 RETURNING attempts
"""


async def import_account(account: Credentials) -> None:
    """Read menu, tags, blacklist and followers as they stand; only then may anything there be overwritten.

    Raises as calls to the platform do.
    """
    if account.kind is Kind.OFFICIAL:
        await _keep_menu(account.id, await menus.read(account))
        await import_labels(account)
        await import_blocks(account)
        await followers.start(account.id)
    await account_service.mark_imported(account.id)


async def import_due() -> int:
    """Import every account that was not yet; returns how many. What is refused is tried again, ever less often."""
    imported = 0
    for row in await database.fetch(_DUE, clock.now()):
        now = clock.now()
        claimed = await database.fetch_one(_CLAIM, new_id(), row["id"], now, now + _LEASE)
        if claimed is None:
            continue
        try:
            await import_account(await accounts.credentials(row["app_id"]))
        except DomainError as error:
            if database.is_outage(error):
                raise
            logger().warning("account_not_imported", app_id=row["app_id"], error=str(error))
            wait = min(timedelta(seconds=2 ** min(claimed["attempts"], 12)), _LONGEST_WAIT)
            await Import.filter(account_id=row["id"]).update(error=str(error)[:200], next_at=clock.now() + wait)
        else:
            await Import.filter(account_id=row["id"]).update(error=None)
            imported += 1
    return imported


async def put_verify_file(*, name: str, content: str) -> VerifyFile:
    """Serve a verification file at the root; one of the same name is replaced."""
    await database.execute(
        """INSERT INTO wechat_verify_file (id, name, content, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (name) DO UPDATE SET content = excluded.content, created_at = excluded.created_at""",
        new_id(),
        name,
        content,
        clock.now(),
    )
    queries.forget()
    return await VerifyFile.get(name=name)


async def examine(app_id: str | None = None) -> list[Finding]:
    """Check an account, or all that are not disabled. Raises AccountNotFound."""
    chosen = await accounts.every() if app_id is None else [await accounts.credentials(app_id)]
    return [finding for account in chosen for finding in await account_checks.examine(account)]


async def examine_by_id(account_id: UUID) -> list[Finding]:
    """Check an account. Raises AccountNotFound."""
    return await examine((await accounts.account_by_id(account_id)).app_id)


async def _keep_menu(account_id: UUID, content: object) -> None:
    """The first reading stays: a later one may show a menu of ours."""
    await database.execute(
        """INSERT INTO wechat_menu (id, account_id, content, read_at) VALUES ($1, $2, $3::jsonb, $4)
        ON CONFLICT (account_id) DO NOTHING""",
        new_id(),
        account_id,
        orjson.dumps(content).decode(),
        clock.now(),
    )
