"""Built-in Tortoise migrations: apply them, and write new ones without the faults of 1.1.9 (architecture, §7)."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tortoise import Tortoise
from tortoise.migrations.api import migrate as _migrate
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.migration import Migration
from tortoise.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterModelOptions,
    CreateModel,
    Operation,
    RunSQL,
)
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.writer import format_migration_name

import migrations
from app.contexts import tortoise
from infra import database, partitions

_LOCK_TIMEOUT_MS = 10_000
# These look at nothing of the state before them.
_LOOK_AHEAD = (AddConstraint, AddField, AddIndex, AlterModelOptions, CreateModel, RunSQL)


async def migrate() -> None:
    """Bring the database to the newest migration and make the partitions of the coming days."""
    config = tortoise()
    # A large table takes its time; what is short is the wait for others, who would all queue behind us.
    session = config["connections"]["default"]["credentials"]["server_settings"]
    session |= {"statement_timeout": "0", "lock_timeout": str(_LOCK_TIMEOUT_MS)}
    with _copying_little():
        await _migrate(config=config)
    await partitions.ensure()


@contextmanager
def _copying_little() -> Iterator[None]:
    """Tortoise copies the state of all models before each operation, most of a new database's time.

    A copy is made only for operations that look at the state before them.
    """
    former = Migration.apply

    async def apply(
        migration: Migration, state: State, *, schema_editor: BaseSchemaEditor | None = None, **options: Any
    ) -> State:
        if schema_editor is None or any(options.values()):
            # Only the state is wanted: nothing is copied then.
            return await former(migration, state, schema_editor=schema_editor, **options)
        transactions = schema_editor.client.capabilities.supports_transactions
        for operation in migration.operations:
            before = state if isinstance(operation, _LOOK_AHEAD) else state.clone()
            operation.state_forward(migration.app_label, state)
            await migration._run_database_forward(operation, before, state, schema_editor, transactions)  # noqa: SLF001
        state.validate_relations_initialized()
        return state

    Migration.apply = apply  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        Migration.apply = former  # type: ignore[method-assign]


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
