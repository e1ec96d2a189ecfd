"""What runs once on a business day: whoever dies before the end is done again, whoever comes after it is not.

A file of its own: the sweep of the pool and the morning's reminders both ask it.
"""

from datetime import date

from infra import clock, database

_FINISH = """
INSERT INTO daily_run (name, day, finished_at) VALUES ($1, $2, $3) ON CONFLICT (name, day) DO NOTHING
"""


async def due(name: str, hour: int) -> date | None:
    """The business day, if it is `hour` of it or later and its run of this name is not finished."""
    today = clock.business_day()
    if (clock.now() - clock.start_of_day(today)).total_seconds() < hour * 3600:
        return None
    finished = await database.fetch("SELECT FROM daily_run WHERE name = $1 AND day = $2", name, today)
    return None if finished else today


async def finish(name: str, day: date) -> None:
    """The run of a day is finished; it may be the next day by now."""
    await database.execute(_FINISH, name, day, clock.now())
