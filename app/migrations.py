"""Built-in Tortoise migrations: apply them, and write new ones without the faults of 1.1.9 (architecture, §7)."""

import shutil
import subprocess
from pathlib import Path

from tortoise import Tortoise
from tortoise.migrations.api import migrate as _migrate
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.operations import AddConstraint, CreateModel, Operation
from tortoise.migrations.writer import format_migration_name

import migrations
from app.contexts import tortoise
from infra import database, partitions

_LOCK_TIMEOUT_MS = 10_000


async def migrate() -> None:
    """Bring the database to the newest migration and make the partitions of the coming days."""
    config = tortoise()
    # A large table takes its time; what is short is the wait for others, who would all queue behind us.
    session = config["connections"]["default"]["credentials"]["server_settings"]
    session |= {"statement_timeout": "0", "lock_timeout": str(_LOCK_TIMEOUT_MS)}
    await _migrate(config=config)
    await partitions.ensure()


async def pending() -> list[str]:
    """The migrations that are not applied yet. Raises Unavailable."""
    applied = set[str]()
    if await database.fetch_one("SELECT 1 WHERE to_regclass('tortoise_migrations') IS NOT NULL"):
        applied = {row["name"] for row in await database.fetch("SELECT name FROM tortoise_migrations")}
    written = (file.stem for file in Path(migrations.__file__ or "").parent.glob("[0-9]*.py"))
    return sorted(set(written) - applied)


async def make(name: str) -> list[Path]:
    """Write a migration for what changed in the models; returns the files written."""
    config = tortoise()
    await Tortoise.init(config=config, init_connections=False)
    if Tortoise.apps is None:
        raise RuntimeError("no models are configured")
    paths = []
    for writer in await MigrationAutodetector(Tortoise.apps, config["apps"]).changes():
        number = int(writer.name.split("_", 1)[0])
        writer.name = format_migration_name(number, name)
        writer.operations = _with_constraints(writer.operations)
        paths.append(writer.write())
    return paths


def tidy(paths: list[Path]) -> None:
    """Bring generated files into the project's form, where the formatter is installed."""
    if paths and (ruff := shutil.which("ruff")):
        subprocess.run([ruff, "check", "--fix", "--quiet", *paths], check=False)
        subprocess.run([ruff, "format", "--quiet", *paths], check=False)


def _with_constraints(operations: list[Operation]) -> list[Operation]:
    """Constraints of a new model are silently never created: each becomes an operation of its own, at the end."""
    added = list[Operation]()
    for operation in operations:
        if isinstance(operation, CreateModel):
            for constraint in (operation.options or {}).pop("constraints", ()):
                added.append(AddConstraint(model_name=operation.name, constraint=constraint))
    return [*operations, *added]
