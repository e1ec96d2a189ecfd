"""Several processes that do their parts of one measurement, started at the same moment."""

import multiprocessing
import pstats
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import TypeVar

R = TypeVar("R")
Start = Callable[[], None]

_PATIENCE = 120.0
_start: Barrier | None = None


def run_together(parts: Sequence[Callable[[Start], R]]) -> list[R]:
    """Each part in a fresh process; it calls what it is given when it is ready, and all go on together.

    Parts are pickled: module functions, or `partial`s of them. Raises what a part raised.
    """
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(len(parts))
    with ProcessPoolExecutor(len(parts), mp_context=context, initializer=_remember, initargs=(barrier,)) as crew:
        # Each waits at the barrier inside its part, so no process can take two.
        return [part.result() for part in [crew.submit(partial(_play, part)) for part in parts]]


def _remember(barrier: Barrier) -> None:
    global _start  # noqa: PLW0603 - a barrier can only be handed over when the process starts
    _start = barrier


def _play(part: Callable[[Start], R]) -> R:
    assert _start is not None
    try:
        return part(partial(_wait, _start))
    except BaseException:
        _start.abort()
        raise


def _wait(barrier: Barrier) -> None:
    barrier.wait(_PATIENCE)


def show_profile(path: Path, lines: int = 45) -> None:
    """Where the time of a process went: most own time first, then most time with what was called."""
    stats = pstats.Stats(str(path))
    stats.strip_dirs().sort_stats("tottime").print_stats(lines)
    stats.sort_stats("cumulative").print_stats(lines)
