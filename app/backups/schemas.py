"""What administrators see of backups."""

from datetime import datetime
from uuid import UUID

from infra.schemas import Output


class BackupOut(Output):
    """`finished_at` is null while it is made, `error` null when it is good; `rows` are those of all tables."""

    id: UUID
    name: str
    started_at: datetime
    finished_at: datetime | None
    size: int | None
    error: str | None
    tables: int | None
    rows: int | None
    files: int | None
    audit_head: str | None
