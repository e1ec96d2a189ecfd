"""Group commit: concurrent single callers of a process share one transaction and one fsync.

A set function `write(connection, rows) -> results` is the only implementation of a hot write. This door gathers the
rows that arrive while the former commit is under way, hands them over together, and acknowledges each caller only
after its commit. A bad row fails alone: a batch that PostgreSQL refuses is written again row by row.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from infra import database, metrics
from infra.database import Connection

Row = TypeVar("Row")
Result = TypeVar("Result")


class GroupCommit(Generic[Row, Result]):
    """`write` gets a connection inside a transaction, or, with `one_statement`, a bare one: it commits itself."""

    def __init__(
        self,
        name: str,
        write: Callable[[Connection, Sequence[Row]], Awaitable[Sequence[Result]]],
        *,
        key: Callable[[Row], Hashable],
        writers: int = 1,
        most_rows: int = 200,
        one_statement: bool = False,
    ) -> None:
        """Rows of one `key` go through one writer, so they commit in the order they were submitted.

        One writer makes the largest batches, and fewer, larger commits cost both sides less.
        """
        self._name = name
        self._write = write
        self._key = key
        self._most_rows = most_rows
        self._one_statement = one_statement
        self._queues = [deque[tuple[Row, asyncio.Future[Result]]]() for _ in range(writers)]
        self._writers: list[asyncio.Task[None] | None] = [None] * writers

    async def submit(self, row: Row) -> Result:
        """The result of this row, after the commit that holds it.

        Raises what `write` raised for this row alone, or Unavailable when PostgreSQL is away. A caller that is
        cancelled meanwhile may still find its row written: rows carry idempotency keys. Raises RuntimeError inside a
        transaction.
        """
        if database.in_transaction():
            raise RuntimeError("a group commit is a commit of its own: it can't wait for the caller's")
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        number = hash(self._key(row)) % len(self._queues)
        self._queues[number].append((row, answer))
        if self._writers[number] is None:
            # In a context of its own: it writes for many requests, not for the first.
            task = asyncio.get_running_loop().create_task(self._write_until_empty(number), context=Context())
            self._writers[number] = task
        return await answer

    async def close(self) -> None:
        """Wait until everything submitted is written."""
        while writers := [writer for writer in self._writers if writer is not None]:
            await asyncio.wait(writers)

    async def _write_until_empty(self, number: int) -> None:
        # A turn of the loop lets callers that are ready at the same moment join the batch.
        await asyncio.sleep(0)
        waiting = self._queues[number]
        try:
            while waiting:
                await self._settle([waiting.popleft() for _ in range(min(len(waiting), self._most_rows))])
        finally:
            self._writers[number] = None

    async def _settle(self, batch: Sequence[tuple[Row, asyncio.Future[Result]]]) -> None:
        metrics.batch_rows.labels(self._name).observe(len(batch))
        try:
            results = await self._commit([row for row, _ in batch])
        except Exception as error:  # noqa: BLE001 - every caller of the batch must get an answer
            if len(batch) == 1 or database.is_outage(error):
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(error)
                return
            for one in batch:
                await self._settle([one])
            return
        for (_, answer), result in zip(batch, results, strict=True):
            if not answer.done():
                answer.set_result(result)

    async def _commit(self, rows: Sequence[Row]) -> Sequence[Result]:
        if self._one_statement:
            async with database.connection() as connection:
                return await self._write(connection, rows)
        async with database.transaction() as connection:
            return await self._write(connection, rows)
