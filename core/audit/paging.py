"""Cursors that only we give out: a search is noted at its first page, and nobody begins in the middle."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from core.audit.schemas import AuditFilters
from infra import crypto
from infra.errors import InvalidInput
from infra.paging import moment_cursor, read_moment_cursor


@dataclass(frozen=True, slots=True)
class Cursors:
    """Those of one reader and one search."""

    reader_id: UUID
    filters: AuditFilters

    def write(self, at: datetime, id_: UUID) -> str:
        place = moment_cursor(at, id_)
        return f"{place}_{self._mark(place)}"

    def read(self, cursor: str | None) -> tuple[datetime, UUID] | None:
        """The (time, id) it stands for. Raises InvalidInput when it is not one of these."""
        if cursor is None:
            return None
        place, _, mark = cursor.rpartition("_")
        if not hmac.compare_digest(self._mark(place).encode(), mark.encode()):
            raise InvalidInput({"field": "cursor"})
        return read_moment_cursor(place)

    def _mark(self, place: str) -> str:
        asked = orjson.dumps(self.filters.told()).decode()
        return crypto.digest("audit search", str(self.reader_id), asked, place).hex()
