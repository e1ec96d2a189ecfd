"""When jobs run: rows with the time of their last run, on our clock. Beat only ticks."""

from collections.abc import Iterable
from datetime import timedelta

from infra import clock, database
from infra.context import Job

# A job is due again when its time has passed, or when the clock was set back (by more than hosts' clocks differ).
_CLAIM_DUE = """
INSERT INTO job_run (name, ran_at)
SELECT name, $3::timestamptz FROM unnest($1::text[], $2::interval[]) AS j (name, every) ORDER BY name
ON CONFLICT (name) DO UPDATE SET ran_at = $3
WHERE job_run.ran_at > $3 + interval '1 minute' OR job_run.ran_at <= $3 - (
    SELECT every FROM unnest($1::text[], $2::interval[]) AS j (name, every) WHERE j.name = excluded.name
)
RETURNING name
"""

# A tick may come a little early; without this an hourly job would slip by a tick each time.
_LENIENCE = timedelta(milliseconds=500)


async def claim_due(jobs: Iterable[Job]) -> list[str]:
    """The jobs whose time has come; each is given out once, however many ask."""
    named = {job.name: job for job in jobs}
    rows = await database.fetch(_CLAIM_DUE, list(named), [job.every - _LENIENCE for job in named.values()], clock.now())
    return [row["name"] for row in rows]
