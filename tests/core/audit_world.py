"""The audit log under the hands of somebody with all rights in the database."""

from infra import audit, database


async def tamper(sql, *values):
    """Run a statement that the triggers don't see."""
    async with database.transaction() as connection:
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(sql, *values)


async def forget():
    """An empty log: what the making of a test's people wrote is gone."""
    for table in ("audit", "audit_unsealed", "audit_chain"):
        await tamper(f"DELETE FROM {table}")


async def noted(count=5, action="thing.done"):
    """So many rows about things 0, 1, 2 …"""
    for number in range(count):
        await audit.note(action, "thing", number, {"number": number, "名": "值"})
