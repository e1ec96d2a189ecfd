"""Reading runs."""

from dataclasses import dataclass
from datetime import datetime

from infra import database
from wechat.followers.rules import RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSeen:
    """How far a run is, or how it ended."""

    app_id: str
    state: RunState
    seen: int
    healed: int
    missing: int
    error: str | None
    started_at: datetime
    finished_at: datetime | None


async def last_runs() -> list[RunSeen]:
    """The last run of each account, in the order the accounts were added."""
    rows = await database.fetch(
        """SELECT DISTINCT ON (a.id) a.app_id, r.state, r.seen, r.healed, r.missing, r.error, r.started_at,
            r.finished_at
        FROM wechat_follower_run r JOIN wechat_account a ON a.id = r.account_id ORDER BY a.id, r.started_at DESC"""
    )
    return [RunSeen(**row | {"state": RunState(row["state"])}) for row in map(dict, rows)]
