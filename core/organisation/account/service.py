"""Log-in and log-out, the sessions of an account, the own profile."""

from typing import Any
from uuid import UUID

from core.organisation import queries
from core.organisation.account import new_passwords, second_factor
from core.organisation.account.ending import shut
from core.organisation.account.errors import (
    PasswordChangeNeeded,
    ProfileChanged,
    SecondFactorMissing,
    SecondFactorNeeded,
    SecondFactorSetupNeeded,
    SecondFactorWrong,
)
from core.organisation.errors import StaffNotFound, WrongPassword
from core.organisation.models import Staff
from core.organisation.passwords import verify
from core.organisation.queries import Colleague
from core.sessions import service as sessions
from core.sessions.service import Opened, Opener
from infra import audit, database
from infra.database import Connection, transaction
from infra.errors import Forbidden, Unauthenticated

_STILL_SO = """
SELECT 1 FROM staff WHERE id = $1 AND password_hash = $2 AND totp_confirmed_at IS NOT DISTINCT FROM $3
AND left_at IS NULL AND disabled_at IS NULL FOR NO KEY UPDATE
"""


async def log_in(username: str, password: str, opener: Opener, code: str | None = None) -> tuple[Opened, Colleague]:
    """A session for the right password and, with a second factor, a code that was not used before.

    Raises TooManyAttempts, WrongPassword (also for one who left or is disabled), SecondFactorNeeded (the password is
    right), SecondFactorWrong. Wrong passwords and codes count as attempts.
    """
    username = username.strip().lower()
    await sessions.count_attempt(username, opener.address)
    audit.act_as("unknown", opener.address)
    found = await Staff.get_or_none(username=username, left_at=None, disabled_at=None)
    right = await verify(found.password_hash if found else None, password)
    if found is None or not right:
        await _refused(found, "password")
        raise WrongPassword
    if found.totp_confirmed_at is not None and code is None:
        await sessions.forgive_attempt(username, opener.address)
        raise SecondFactorNeeded
    too_old = await new_passwords.is_too_old(found.password_changed_at or found.created_at)
    try:
        async with transaction() as connection:
            await _check_again(connection, found, code)
            if too_old:
                await connection.execute("UPDATE staff SET must_change_password = true WHERE id = $1", found.id)
            let_in = await enter(found.id, "password", opener)
    except SecondFactorWrong:
        await _refused(found, "code")
        raise
    await sessions.forgive_attempt(username, opener.address)
    return let_in


async def enter(staff_id: UUID, way: str, opener: Opener) -> tuple[Opened, Colleague]:
    """A session for somebody who has proved, in whichever way, to be this colleague.

    Raises Unauthenticated for who is not at work.
    """
    async with transaction() as connection:
        # Whoever ends an account's sessions holds its row: this session is among them, or is not opened.
        await connection.execute("SELECT 1 FROM staff WHERE id = $1 FOR SHARE", staff_id)
        staff = await queries.at_work(staff_id)
        if staff is None:
            raise Unauthenticated
        opened = await sessions.open_session("staff", staff_id, way=way, opener=opener)
        audit.act_as(f"staff:{staff_id}", opener.address)
        await audit.note("staff.logged_in", "staff", staff_id, {"way": way, "session_id": opened.id})
    return opened, staff


async def log_out(staff: Colleague, token: str) -> None:
    async with transaction():
        await sessions.end_session(token)
        await audit.note("staff.logged_out", "staff", staff.id, {"by_themself": True})


async def end_own_session(staff: Colleague, session_id: UUID) -> None:
    """End one of the own sessions, on a phone left behind perhaps. Raises SessionNotFound."""
    async with transaction():
        await sessions.end_one("staff", staff.id, session_id)
        await audit.note("staff.logged_out", "staff", staff.id, {"by_themself": True})


async def force_out(staff_id: UUID) -> int:
    """End every session of an account at once (AT-77); returns how many."""
    async with transaction():
        ended = await shut(staff_id)
        await audit.note("staff.logged_out", "staff", staff_id, {"by_themself": False, "sessions": ended})
    return ended


async def take_away_own_factor(staff: Colleague, password: str, code: str, address: str) -> None:
    """Raises SecondFactorMissing, TooManyAttempts, PresentPasswordWrong, SecondFactorWrong (an attempt)."""
    if not staff.has_second_factor:
        raise SecondFactorMissing
    await new_passwords.proved(staff, password, address)
    async with transaction() as connection:
        await second_factor.use(connection, staff.id, code)
        await second_factor.forget(staff.id)
    await sessions.forgive_attempt(staff.username, address)


async def due_first(staff: Colleague, way: str) -> type[Forbidden] | None:
    """What keeps a session of this way at the door until the person has seen to it; None: nothing."""
    if staff.must_change_password:
        return PasswordChangeNeeded
    return SecondFactorSetupNeeded if await second_factor.is_asked_of(staff, way) else None


async def change_profile(staff_id: UUID, version: int, values: dict[str, Any]) -> Colleague:
    """Change the own name, phone or email, whichever are given. Raises ProfileChanged with the present version."""
    async with transaction():
        changed = await Staff.filter(id=staff_id, version=version).update(version=version + 1, **values)
        if not changed:
            raise ProfileChanged({"version": (await Staff.get(id=staff_id)).version})
        await audit.note("staff.profile_changed", "staff", staff_id, {"fields": sorted(values)})
        present = await queries.colleague(staff_id)
    if present is None:
        raise StaffNotFound
    return present


async def contact_data(staff_id: UUID) -> dict[str, Any]:
    """Phone, email and version of a colleague's row. Raises StaffNotFound."""
    row = await database.fetch_one("SELECT phone, email, version FROM staff WHERE id = $1", staff_id)
    if row is None:
        raise StaffNotFound
    return dict(row)


async def _check_again(connection: Connection, found: Staff, code: str | None) -> None:
    """Lock the account as it was when the password was looked at, and use the code up."""
    still_so = await connection.fetchval(_STILL_SO, found.id, found.password_hash, found.totp_confirmed_at)
    if not still_so:
        raise WrongPassword
    if found.totp_confirmed_at is not None:
        await second_factor.use(connection, found.id, code or "")


async def _refused(found: Staff | None, what: str) -> None:
    await audit.note("staff.login_refused", "staff", found.id if found else "unknown", {"wrong": what})
