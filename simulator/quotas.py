"""Call counters and the limits on them."""

from collections import Counter as Tally
from datetime import UTC, datetime, timedelta, timezone

from simulator.errors import DAY_LIMIT, MINUTE_LIMIT, PlatformError
from simulator.records import Account, Counter
from simulator.state import State

SHANGHAI = timezone(timedelta(hours=8))
MINUTE = 60
ERROR = "error."
ENDPOINTS = ("token", "stable_token", "qrcode_create", "user_info", "user_info_batchget", "user_get")


def spend(state: State, account: Account, name: str) -> None:
    """Count one call against the daily limit of that name; errcode 45009 when the day is used up."""
    day = datetime.fromtimestamp(state.clock.now(), UTC).astimezone(SHANGHAI).date().isoformat()
    _count(state, account, name, day, limit=getattr(account.limits, name), errcode=DAY_LIMIT)


def spend_minute(state: State, account: Account, name: str) -> None:
    """Count one call against the limit of the running minute; errcode 45011 when it is used up."""
    minute = str(int(state.clock.now() // MINUTE))
    _count(state, account, name, minute, limit=getattr(account.limits, name), errcode=MINUTE_LIMIT)


def note_error(state: State, account: Account, errcode: int) -> None:
    """Count an error answer to an account whose call it was."""
    _count(state, account, f"{ERROR}{errcode}", "ever", limit=None, errcode=0)


def totals(state: State, app_id: str) -> Tally[str]:
    """Return the counts of all windows of an account by name; errors carry the prefix `error.`."""
    result: Tally[str] = Tally()
    for counter in state.counters.values():
        if counter.app_id == app_id:
            result[counter.name] += counter.count
    return result


def _count(state: State, account: Account, name: str, window: str, *, limit: int | None, errcode: int) -> None:
    fresh = Counter(app_id=account.app_id, name=name, window=window)
    counter = state.counters.get(fresh.key(), fresh)
    if limit is not None and counter.count >= limit:
        raise PlatformError(errcode)
    counter.count += 1
    state.save(counter)
