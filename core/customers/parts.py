"""What contexts hang on customers: registered once, asked by merges, erasure and the whole picture.

A file of its own: it is the one thing every context above tells customers.
"""

from collections.abc import Iterable
from enum import StrEnum

from infra.context import CustomerPart


class PartKind(StrEnum):
    """The places of the whole picture; one no context has filled yet stays empty."""

    BASE = "base"
    IDENTITIES = "identities"
    TOUCHES = "touches"
    CHATS = "chats"
    ORDERS = "orders"
    POINTS = "points"
    COUPONS = "coupons"
    VISITS = "visits"
    NOTES = "notes"
    TASKS = "tasks"
    PRIVACY = "privacy"


_parts: dict[str, CustomerPart] = {}


def register(parts: Iterable[CustomerPart]) -> None:
    """What there is, in the order of the contexts. Raises ValueError when two have one name, or a kind is unknown."""
    for part in parts:
        PartKind(part.kind)
        if _parts.setdefault(part.name, part) is not part:
            raise ValueError(f"two parts of a customer are named {part.name}")


def registered() -> tuple[CustomerPart, ...]:
    """All parts, in the order of the contexts."""
    return tuple(_parts.values())
