"""What each layout shows of a customer. No I/O."""

from collections.abc import Mapping
from typing import Any

from core.customers.parts import PartKind
from core.permissions.rules import Layout

# What the kinds of a layout are; base data stand beside them.
KINDS: Mapping[Layout, tuple[PartKind, ...]] = {
    Layout.SALES: tuple(kind for kind in PartKind if kind is not PartKind.BASE),
    Layout.SERVICE: (PartKind.IDENTITIES, PartKind.NOTES),
    Layout.MANAGEMENT: (),
}
# Whose contents say how much a customer is worth: {"total": fen} and {"total": points}.
COUNTED: Mapping[PartKind, str] = {PartKind.ORDERS: "value", PartKind.POINTS: "points"}

_HEADLINE = ("kind", "author", "occurred_at", "next_contact_at")


def shown(layout: Layout, kind: PartKind, content: Any) -> Any:
    """What of a part's content a layout shows: of notes, service sees that there were some."""
    if layout is Layout.SERVICE and kind is PartKind.NOTES:
        return [{name: note.get(name) for name in _HEADLINE} for note in content]
    return content


def asked(layout: Layout) -> set[PartKind]:
    """The kinds whose parts are asked for a layout: those shown, and for management those that count."""
    return set(KINDS[layout]) | (set(COUNTED) if layout is Layout.MANAGEMENT else set())
