"""Reading forwards."""

from infra import database


async def counts(app_id: str) -> dict[str, int]:
    """How many of an account's pushes are in which state."""
    rows = await database.fetch(
        "SELECT state, count(*) AS n FROM push_forward WHERE app_id = $1 GROUP BY state", app_id
    )
    return {row["state"]: row["n"] for row in rows}
