"""One SQLite table of JSON documents, written through so that even `kill -9` loses nothing."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    position INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (kind, key)
)
"""
PUT = """
INSERT INTO record (kind, key, document) VALUES (?, ?, ?)
ON CONFLICT (kind, key) DO UPDATE SET document = excluded.document
"""


class Store:
    """Documents by kind and key; without a file they live as long as the process."""

    def __init__(self, file: Path | None) -> None:
        self._database = sqlite3.connect(file or ":memory:", isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        # The system's page cache outlives the process; only a power cut could lose a commit.
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute(SCHEMA)

    def put(self, kind: str, key: str, document: str) -> None:
        """Write a document; a rewritten one keeps its place in the order."""
        self._database.execute(PUT, (kind, key, document))

    def delete(self, kind: str, key: str) -> None:
        """Take a document away."""
        self._database.execute("DELETE FROM record WHERE kind = ? AND key = ?", (kind, key))

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """Write everything put inside, or nothing; inside another one it is a part of that."""
        if self._database.in_transaction:
            yield
            return
        self._database.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def all(self) -> Iterator[tuple[str, str]]:
        """Yield (kind, document) in the order of first writing."""
        yield from self._database.execute("SELECT kind, document FROM record ORDER BY position")

    def clear(self) -> None:
        """Forget everything."""
        self._database.execute("DELETE FROM record")

    def close(self) -> None:
        """Close the file; the process writes no more."""
        self._database.close()
