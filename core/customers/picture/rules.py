"""What each layout shows of a customer. No I/O."""

from collections.abc import Mapping

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


def asked(layout: Layout) -> set[PartKind]:
    """The kinds whose parts are asked for a layout: those shown, and for management those that count."""
    return set(KINDS[layout]) | (set(COUNTED) if layout is Layout.MANAGEMENT else set())
