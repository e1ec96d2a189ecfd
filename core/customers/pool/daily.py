"""What runs once on a business day: whoever dies before the end is done again, whoever comes after it is not.

A file of its own: the sweep of the pool and the morning's reminders both ask it.
"""

from infra import clock, database

_FINISH = """
INSERT INTO daily_run (name, day, finished_at) VALUES ($1, $2, $3) ON CONFLICT (name, day) DO NOTHING
"""


async def is_due(name: str, hour: int) -> bool:
    """Whether it is `hour` of the business day or later, and the day's run of this name is not finished."""
    today = clock.business_day()
    if (clock.now() - clock.start_of_day(today)).total_seconds() < hour * 3600:
        return False
    return not await database.fetch("SELECT FROM daily_run WHERE name = $1 AND day = $2", name, today)


async def finish(name: str) -> None:
    """Today's run is finished."""
    await database.execute(_FINISH, name, clock.business_day(), clock.now())
