"""The result: one table for people, the same with every round as JSON for machines."""

import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

import orjson

from infra import clock

RESULT = Path(".guanxi") / "bench.json"
P99 = "p99 ms"
_HEAD = ("id", "path", "ours/s", "baseline/s", "ratio", "floor", "aim", "")


@dataclass(frozen=True, slots=True)
class Run:
    """One measured run: `rate` per second, and whatever else it saw."""

    rate: float
    seen: dict[str, float]


@dataclass(frozen=True, slots=True)
class Round:
    """Both paths, one right after the other."""

    ours: Run
    baseline: Run

    @property
    def ratio(self) -> float:
        return self.ours.rate / self.baseline.rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the table. `aim` is where we want to be, `floor` where we must be."""

    id: str
    path: str
    floor: float
    aim: float | None
    baseline: str
    rounds: list[Round]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios: a neighbour who wakes up between rounds disturbs only one."""
        return median(round_.ratio for round_ in self.rounds)

    @property
    def missed(self) -> bool:
        return self.ratio < self.floor

    def cells(self) -> tuple[str, ...]:
        """Its row of the table."""
        mark = "UNDER THE FLOOR" if self.missed else "aim reached" if self.aim and self.ratio >= self.aim else ""
        return (
            self.id,
            self.path,
            f"{median(r.ours.rate for r in self.rounds):,.0f}",
            f"{median(r.baseline.rate for r in self.rounds):,.0f}",
            f"{self.ratio:.2f}",
            f"{self.floor:.2f}",
            f"{self.aim:.2f}" if self.aim else "-",
            mark,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """A line about waiting at a given rate: our 99th percentile may be `most` milliseconds."""

    id: str
    path: str
    most: float
    baseline: str
    rounds: list[Round]

    @property
    def ratio(self) -> float:
        """How many times the baseline's wait; the median of the rounds."""
        return median(r.ours.seen[P99] / r.baseline.seen[P99] for r in self.rounds)

    @property
    def missed(self) -> bool:
        return median(r.ours.seen[P99] for r in self.rounds) > self.most

    def cells(self) -> tuple[str, ...]:
        """Its row of the table."""
        waits = (f"{median(run.seen[P99] for run in runs):,.1f} ms" for runs in zip(*self._pairs(), strict=True))
        return (self.id, self.path, *waits, f"{self.ratio:.2f}", f"≤ {self.most:.0f} ms", "-", self._mark())

    def _pairs(self) -> list[tuple[Run, Run]]:
        return [(round_.ours, round_.baseline) for round_ in self.rounds]

    def _mark(self) -> str:
        return "OVER THE LIMIT" if self.missed else "within the limit"


AnyLine: TypeAlias = Line | Latency


def show(lines: list[AnyLine]) -> str:
    """The table."""
    rows = [_HEAD, *(line.cells() for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    text.insert(1, "-" * max(map(len, text)))
    legend = [f"{line.id} baseline: {line.baseline}" for line in lines]
    return "\n".join(
        [*text, "", "rates and waits (p99) are medians, the ratio is the median of the rounds' ratios", *legend]
    )


def judge(lines: list[AnyLine]) -> int:
    """The exit code."""
    return int(any(line.missed for line in lines))


def write(lines: list[AnyLine], facts: dict[str, Any]) -> Path:
    """Keep everything measured; returns the file."""
    RESULT.parent.mkdir(exist_ok=True)
    found = [asdict(line) | {"ratio": round(line.ratio, 3), "missed": line.missed} for line in lines]
    content = {"at": clock.now(), "machine": facts, "lines": found}
    RESULT.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))
    return RESULT


def machine(postgres: str) -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "cores": os.cpu_count(),
        "load_1m": os.getloadavg()[0],
        "system": platform.platform(),
        "processor": _processor(),
        "python": platform.python_version(),
        "postgres": postgres,
    }


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
