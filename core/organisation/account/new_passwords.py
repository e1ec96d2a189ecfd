"""New passwords: the rule they have to meet, the own change, the administrator's reset.

The rule's numbers are parameters. A password is never stored or logged in clear, and no answer that is kept holds one.
"""

import secrets
import string
from datetime import datetime, timedelta
from uuid import UUID

from core.organisation import queries, scopes
from core.organisation.account import second_factor
from core.organisation.account.ending import shut
from core.organisation.account.errors import (
    OwnAccount,
    PasswordTooWeak,
    PasswordUsedBefore,
    PresentPasswordWrong,
    StaffGone,
)
from core.organisation.account.rules import problems_of
from core.organisation.errors import StaffNotFound
from core.organisation.models import FormerPassword, Staff
from core.organisation.passwords import hash_password, verify
from core.organisation.queries import Colleague
from core.sessions import service as sessions
from infra import audit, clock, database
from infra.parameters import Parameter

LEAST_LENGTH = Parameter(
    name="passwords.least_length",
    default=8,
    least=8,
    most=64,
    help="密码最少几个字符",
    english="The least characters of a password",
)
LEAST_KINDS = Parameter(
    name="passwords.least_kinds",
    default=2,
    least=1,
    most=4,
    help="密码最少含几类字符（小写字母、大写字母、数字、其他）",
    english="The least kinds of characters in a password (small letters, capitals, digits, others)",
)
KEPT_FORMER = Parameter(
    name="passwords.kept_former",
    default=3,
    least=0,
    most=24,
    help="新密码不得与最近用过的几个密码相同",
    english="A new password may be none of so many former ones",
)
DAYS = Parameter(
    name="passwords.days",
    default=0,
    least=0,
    most=3_650,
    help="密码用多少天后必须更换，0 为不限",
    english="A password has to be changed after so many days, 0: never",
)

_MADE_LENGTH = 12
_MADE_OF = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "!#%+-=?@")

_SET = """
UPDATE staff SET password_hash = $3, password_changed_at = $4, must_change_password = $5
WHERE id = $1 AND password_hash = $2 AND left_at IS NULL
"""

_KEEP_FORMER = """
DELETE FROM staff_former_password WHERE staff_id = $1
AND id NOT IN (SELECT id FROM staff_former_password WHERE staff_id = $1 ORDER BY id DESC LIMIT $2)
"""


async def hash_new(password: str, username: str) -> str:
    """The hash of a password that meets the rule. Raises PasswordTooWeak."""
    wanted = {"least_length": await LEAST_LENGTH.get(), "least_kinds": await LEAST_KINDS.get()}
    problems = problems_of(password, username, **wanted)
    if problems:
        raise PasswordTooWeak({"problems": problems} | wanted)
    return await hash_password(password)


async def is_too_old(changed_at: datetime) -> bool:
    """Whether a password of this age has to be changed at log-in."""
    days = await DAYS.get()
    return bool(days) and changed_at + timedelta(days=days) <= clock.now()


async def change_own(staff: Colleague, session_id: UUID, present: str, new: str, address: str) -> None:
    """A new password for who knows the present one; every other session ends.

    Raises TooManyAttempts, PresentPasswordWrong, PasswordTooWeak, PasswordUsedBefore.
    """
    kept = await KEPT_FORMER.get()
    former_hash = await proved(staff, present, address)
    await sessions.forgive_attempt(staff.username, address)
    new_hash = await hash_new(new, staff.username)
    for used in (former_hash, *await _former(staff.id, kept)):
        if await verify(used, new):
            raise PasswordUsedBefore
    async with database.transaction():
        await _set(staff.id, former_hash, new_hash, kept=kept, must_change=False)
        await shut(staff.id, but=session_id)
        await audit.note("staff.password_changed", "staff", staff.id)


async def reset(by: Colleague, staff_id: UUID, password: str | None) -> str:
    """An administrator's new password for a colleague, made here unless given; it has to be changed at log-in (AT-73).

    Every session ends. Returns the password, for this once. Raises StaffNotFound, OwnAccount, RightNotYours,
    StaffGone, PasswordTooWeak.
    """
    return await _reset(await in_charge_of(by, staff_id), password)


async def let_in_again(username: str) -> str:
    """For whoever runs the house: a new password as by `reset`, and no second factor. Raises StaffNotFound."""
    row = await database.fetch_one("SELECT id FROM staff WHERE username = $1", username.strip().lower())
    staff = await queries.at_work(row["id"]) if row else None
    if staff is None:
        raise StaffNotFound
    if staff.has_second_factor:
        await second_factor.forget(staff.id)
    return await _reset(staff, None)


async def _reset(staff: Colleague, password: str | None) -> str:
    staff_id = staff.id
    chosen = password or _made(staff.username, await LEAST_LENGTH.get())
    new_hash = await hash_new(chosen, staff.username)
    kept = await KEPT_FORMER.get()
    async with database.transaction():
        row = await Staff.select_for_update(no_key=True).get(id=staff_id)
        await _set(staff_id, row.password_hash, new_hash, kept=kept, must_change=True)
        await shut(staff_id)
        await audit.note("staff.password_reset", "staff", staff_id, {"made_here": password is None})
    return chosen


async def take_second_factor(by: Colleague, staff_id: UUID) -> None:
    """An administrator takes a colleague's second factor away, the phone being lost; every session ends.

    Raises StaffNotFound, OwnAccount, RightNotYours, StaffGone, SecondFactorMissing.
    """
    await in_charge_of(by, staff_id)
    async with database.transaction():
        await second_factor.forget(staff_id)
        await shut(staff_id)


async def in_charge_of(by: Colleague, staff_id: UUID) -> Colleague:
    """A colleague whose account `by` may open anew: in reach, and with no right that `by` lacks.

    Raises StaffNotFound, OwnAccount, RightNotYours, StaffGone.
    """
    staff = await scopes.reached(by, staff_id)
    if staff.id == by.id:
        raise OwnAccount
    await scopes.expect_no_more(by, staff)
    if staff.left_at is not None:
        raise StaffGone
    return staff


async def proved(staff: Colleague, password: str, address: str) -> str:
    """The stored hash of the present password, which this one is; the attempt counts until the caller forgives it.

    Raises TooManyAttempts, PresentPasswordWrong.
    """
    await sessions.count_attempt(staff.username, address)
    stored = (await Staff.get(id=staff.id)).password_hash
    if not await verify(stored, password):
        raise PresentPasswordWrong
    return stored


async def _former(staff_id: UUID, count: int) -> list[str]:
    rows = await FormerPassword.filter(staff_id=staff_id).order_by("-id")
    return [row.password_hash for row in rows[:count]]


async def _set(staff_id: UUID, former_hash: str, new_hash: str, *, kept: int, must_change: bool) -> None:
    """Raises PresentPasswordWrong when the present one is no longer the former one: somebody else was faster."""
    now = clock.now()
    if not await database.execute(_SET, staff_id, former_hash, new_hash, now, must_change):
        raise PresentPasswordWrong
    if former_hash:
        await FormerPassword.create(staff_id=staff_id, password_hash=former_hash, replaced_at=now)
    await database.execute(_KEEP_FORMER, staff_id, kept)


def _made(username: str, least_length: int) -> str:
    """A password of all kinds that can be told on the phone and meets the rule."""
    while True:
        letters = [secrets.choice(kind) for kind in _MADE_OF]
        letters += [secrets.choice("".join(_MADE_OF)) for _ in range(max(least_length, _MADE_LENGTH) - len(letters))]
        secrets.SystemRandom().shuffle(letters)
        made = "".join(letters)
        if username.lower() not in made.lower():
            return made
