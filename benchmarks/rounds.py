"""Ours and the baseline in turns: whatever else the machine does, it does to both."""

from collections.abc import Callable

from benchmarks.house import say
from benchmarks.table import Round, Run


def in_turns(title: str, ours: Callable[[], Run], baseline: Callable[[], Run], rounds: int) -> list[Round]:
    """Measure both `rounds` times and say how far it is."""
    done = list[Round]()
    for number in range(1, rounds + 1):
        found = Round(ours(), baseline())
        done.append(found)
        say(
            f"{title}, round {number} of {rounds}: ours {_words(found.ours)}; baseline {_words(found.baseline)}; "
            f"ratio {found.ratio:.2f}"
        )
    return done


def _words(run: Run) -> str:
    return ", ".join([f"{run.rate:,.0f}/s", *(f"{name} {value:,.1f}" for name, value in run.seen.items())])
