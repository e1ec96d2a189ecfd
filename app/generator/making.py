"""Making chunks in a process of their own, while the database takes in the ones before."""

import asyncio
import multiprocessing
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from itertools import chain

from app.generator.people import CHUNK, Chunk, World

_worlds = list[World]()


async def chunks(world: World) -> AsyncIterator[tuple[int, dict[str, bytes]]]:
    """(customers so far, lines by table) of all chunks in order."""
    ends = [*range(1 + CHUNK, world.customers + 1, CHUNK), world.customers + 1]
    if len(ends) == 1:
        yield world.customers, Chunk(world, 1, world.customers + 1).text()
        return
    loop, context = asyncio.get_running_loop(), multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=_remember, initargs=(world,)) as maker:
        coming = None
        for first, after in chain(zip([1, *ends], ends, strict=False), [(0, 0)]):
            made = await coming if coming else None
            coming = loop.run_in_executor(maker, _make, first, after) if after else None
            if made is not None:
                yield first - 1 if after else world.customers, made


def _remember(world: World) -> None:
    # What all chunks share is handed over once, when the process starts.
    _worlds.append(world)


def _make(first: int, after: int) -> dict[str, bytes]:
    return Chunk(_worlds[0], first, after).text()
