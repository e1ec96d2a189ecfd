"""Reading what the first day left behind."""

from datetime import datetime, timedelta
from uuid import UUID

from infra import clock, database
from infra.cache import Cache
from infra.parameters import Parameter
from wechat.onboarding.errors import MenuNotRead, VerifyFileNotFound
from wechat.onboarding.models import Import, Menu, VerifyFile

PUSH_HOURS = Parameter(
    name="wechat.doctor_push_hours",
    default=72,
    least=1,
    most=720,
    help="检查时，多少小时内收到过推送才算正常",
    english="The check-up wants a push within so many hours",
)
SKEW_SECONDS = Parameter(
    name="wechat.doctor_skew_seconds",
    default=30,
    least=1,
    most=300,
    help="检查时，本机时钟与微信最多相差的秒数",
    english="The check-up allows so many seconds between our clock and WeChat's",
)
_LOOKED_AT = 100_000  # pushes: a check must not read a month of them

_LAST_PUSH = """
SELECT max(received_at) AS at FROM (
    SELECT app_id, received_at FROM push WHERE received_at > $2 ORDER BY id DESC LIMIT $3
) latest WHERE app_id = $1
"""


async def _read_files(_key: str) -> dict[str, str]:
    return {file.name: file.content for file in await VerifyFile.all()}


_files = Cache("verify_files", _read_files)


async def verify_file(name: str) -> str:
    """The content of a verification file; one just added is known. Raises VerifyFileNotFound."""
    content = (await _files.get()).get(name) or (await _files.reread(older_than=0.02)).get(name)
    if content is None:
        raise VerifyFileNotFound
    return content


async def verify_files() -> dict[str, str]:
    """All verification files: content by name."""
    return await _read_files("")


def forget() -> None:
    """Read anew next time (after a change, and between tests)."""
    _files.clear()


async def menu(account_id: UUID) -> Menu:
    """The menu an account had. Raises MenuNotRead."""
    found = await Menu.get_or_none(account_id=account_id)
    if found is None:
        raise MenuNotRead
    return found


async def import_error(account_id: UUID) -> str | None:
    """Why the last import did not succeed, if there was one."""
    found = await Import.get_or_none(account_id=account_id)
    return found.error if found else None


async def last_push(app_id: str) -> datetime | None:
    """When an account's last push came, if it is among the latest ones."""
    since = clock.now() - timedelta(hours=await PUSH_HOURS.get())
    row = await database.fetch_one(_LAST_PUSH, app_id, since, _LOOKED_AT)
    at: datetime | None = row["at"] if row else None
    return at
