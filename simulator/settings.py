"""What a simulator process is started with."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Times are real seconds, so that a jump of the clock file does not hurry or delay a delivery."""

    state_file: Path | None = None
    clock_file: Path | None = None
    retry_seconds: tuple[float, ...] = (0.0, 5.0, 10.0)
    timeout_seconds: float = 5.0
    in_flight: int = 64
    later_seconds: float = 0.5
    lead_seconds: float = 0.25
