"""The command line of the benchmarks."""

import argparse
import sys
from collections.abc import Callable

from benchmarks.house import House, open_house
from benchmarks.table import AnyLine, judge, machine, show, write

# Figures of a profiled run mean nothing, so one round is enough.
_PROFILED_ROUNDS = 1


def _benchmarks() -> dict[str, Callable[[House, argparse.Namespace], list[AnyLine]]]:
    # Late, so that the measuring processes, which read this module again, start without the product.
    from benchmarks import chat, chat_live, imports, latency, live, pipeline, push, scopes, search, tasks

    return {
        "P1": lambda house, options: [pipeline.single(house, options.rounds, options.events)],
        "P2": lambda house, options: [pipeline.lists(house, options.rounds, options.events)],
        "P3": lambda house, options: [*push.lines(house, options.rounds, options.requests)],
        "P4": lambda house, options: [latency.line(house, options.rounds, options.seconds)],
        "L2": lambda house, options: [live.line(house, options.rounds, options.seconds)],
        "T1": lambda house, options: tasks.lines(house, options.rounds),
        "I1": lambda house, options: [*imports.lines(house, options.rounds, options.rows)],
        "C1": lambda house, options: [*chat.lines(house, options.rounds, options.pages)],
        "C2": lambda house, options: [chat_live.line(house, options.rounds, options.seconds)],
        # Last: they fill the tables.
        "L1": lambda house, options: [*scopes.lines(house, options.rounds, options.pages)],
        "S1": lambda house, options: search.lines(house, options.rounds, options.pages),
    }


def main() -> int:
    """Run what was asked for; 1 when a floor is missed."""
    benchmarks = _benchmarks()
    options = _parser(list(benchmarks)).parse_args()
    if options.profile:
        options.rounds = _PROFILED_ROUNDS
    lines = list[AnyLine]()
    with open_house(profile=options.profile) as house:
        for name in options.ids or benchmarks:
            lines += benchmarks[name](house, options)
        facts = machine(house.postgres_version)
    print()
    print(show(lines))
    if options.profile:
        print("profiled: these ratios are not judged and not kept")
        return 0
    print(f"figures of every round: {write(lines, facts)}")
    return judge(lines)


def _parser(ids: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Ours against a baseline, in turns.")
    parser.add_argument("ids", nargs="*", metavar="id", choices=[[], *ids], help=", ".join(ids) + " (all)")
    parser.add_argument("--rounds", type=int, default=7, help="ours and baseline, this many times each (%(default)s)")
    parser.add_argument("--events", type=int, default=4000, help="P1, P2: events of a round (%(default)s)")
    parser.add_argument("--requests", type=int, default=6000, help="P3: pushes of a round (%(default)s)")
    parser.add_argument("--rows", type=int, default=100_000, help="I1: rows of the table (%(default)s)")
    parser.add_argument("--pages", type=int, default=400, help="L1, S1, C1: pages of a round (%(default)s)")
    parser.add_argument("--seconds", type=int, default=20, help="P4, L2, C2: length of a run (%(default)s)")
    parser.add_argument("--profile", action="store_true", help="one round under cProfile, and where the time went")
    return parser


if __name__ == "__main__":
    sys.exit(main())
