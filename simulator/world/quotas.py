"""Call counters and the limits on them."""

from collections import Counter as Tally
from collections.abc import Iterable
from datetime import UTC, datetime

from simulator.world.clock import SHANGHAI
from simulator.world.errors import DAY_LIMIT, MINUTE_LIMIT, PlatformError
from simulator.world.records import Account, Counter
from simulator.world.state import State

MINUTE = 60
PLATFORM_PATHS = ("/cgi-bin/", "/sns/", "/wxa/", "/wxaapi/")
ERROR = "error."
FAULTED = "faulted."
# These are no calls, so clearing the day does not give them back.
NEVER_CLEARED = {"force_refresh", "mass_day_of_subscription"}
FETCHED = "token_fetches"
EVER = "ever"
# The official page of this one names the day's errcode for its minute.
MINUTE_ANSWERED_AS_DAY = {"getwxacodeunlimit"}


def endpoint_name(path: str) -> str:
    """Return how an endpoint is called in Limits and statistics: `/cgi-bin/user/get` is `user_get`."""
    return path.split("/", 2)[2].replace("/", "_")


def endpoint_names(paths: Iterable[str]) -> list[str]:
    """Return the names of those paths that are the platform's."""
    return [endpoint_name(path) for path in paths if path.startswith(PLATFORM_PATHS)]


def spend_call(state: State, account: Account, path: str) -> None:
    """Count one call of an endpoint; errcode 45011 or 45009 when the minute or the day is used up.

    The field of Limits that has the endpoint's name is its limit a day, the one with `_minute` after the name its
    limit a minute; an endpoint without them is only counted.
    """
    name = endpoint_name(path)
    if hasattr(account.limits, f"{name}_minute"):
        errcode = DAY_LIMIT if name in MINUTE_ANSWERED_AS_DAY else MINUTE_LIMIT
        spend_minute(state, account, f"{name}_minute", errcode=errcode)
    _count(state, account, name, _day(state), limit=getattr(account.limits, name, None), errcode=DAY_LIMIT)


def spend(state: State, account: Account, name: str, *, errcode: int = DAY_LIMIT) -> None:
    """Count one use against the daily limit of that name; errcode when the day is used up."""
    _count(state, account, name, _day(state), limit=getattr(account.limits, name), errcode=errcode)


def spend_minute(state: State, account: Account, name: str, *, whose: str = "", errcode: int = MINUTE_LIMIT) -> None:
    """Count one use, of one user if asked, against the limit of the running minute; errcode when it is used up."""
    minute = str(int(state.clock.now() // MINUTE))
    limit = getattr(account.limits, name)
    _count(state, account, f"{name}|{whose}" if whose else name, minute, limit=limit, errcode=errcode)


def spend_month(state: State, account: Account, name: str, *, errcode: int) -> None:
    """Count one use against the limit of the running Shanghai month; errcode when it is used up."""
    _count(state, account, name, month(state), limit=getattr(account.limits, name), errcode=errcode)


def month(state: State) -> str:
    """Return the running Shanghai month."""
    return _day(state)[: len("2000-01")]


def spend_for_ever(state: State, account: Account, name: str, *, errcode: int) -> None:
    """Count one use against a limit that never comes back; errcode when it is used up."""
    _count(state, account, name, EVER, limit=getattr(account.limits, name), errcode=errcode)


def clear_day(state: State, account: Account) -> None:
    """Forgive today's calls of every endpoint; statistics keep them, and what is no call stays counted."""
    today = _day(state)
    for counter in list(state.counters.values()):
        if (counter.app_id, counter.window) == (account.app_id, today) and counter.name not in NEVER_CLEARED:
            counter.forgiven = counter.count
            state.save(counter)


def note(state: State, account: Account, name: str) -> None:
    """Count something that has no limit."""
    _count(state, account, name, EVER, limit=None, errcode=0)


def note_fetch(state: State, app_id: str) -> None:
    """Count that somebody asked for an access token in an account's name, whatever the answer will be."""
    if app_id in state.accounts:
        note(state, state.accounts[app_id], FETCHED)


def note_error(state: State, account: Account, errcode: int) -> None:
    """Count an error answer to an account whose call it was."""
    note(state, account, f"{ERROR}{errcode}")


def totals(state: State, app_id: str) -> Tally[str]:
    """Return the counts of all windows of an account by name; errors and faults carry a prefix."""
    result: Tally[str] = Tally()
    for counter in state.counters.values():
        if counter.app_id == app_id:
            result[counter.name] += counter.count
    return result


def _day(state: State) -> str:
    return datetime.fromtimestamp(state.clock.now(), UTC).astimezone(SHANGHAI).date().isoformat()


def _count(state: State, account: Account, name: str, window: str, *, limit: int | None, errcode: int) -> None:
    fresh = Counter(app_id=account.app_id, name=name, window=window)
    counter = state.counters.get(fresh.key(), fresh)
    if limit is not None and counter.count - counter.forgiven >= limit:
        raise PlatformError(errcode)
    counter.count += 1
    state.save(counter)
