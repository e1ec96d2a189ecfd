"""The hand-over itself: all parts in one transaction, or none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from core.organisation import administrators, queries
from core.organisation import service as organisation
from core.organisation.errors import StaffNotFound
from core.organisation.handover.errors import ReceiverIsGiver, ReceiverNotAtWork, UnknownParts
from core.organisation.models import HandOver
from core.organisation.queries import Colleague
from infra import audit, clock
from infra.context import Belonging
from infra.database import Connection, retry_on_conflict, transaction
from infra.ids import new_id

# In the order of the contexts: whoever locks rows of several parts does it in this one.
_belongings: dict[str, Belonging] = {}

_LOCK = {
    # Who gives can't leave, log in or give something else meanwhile; who receives only can't leave.
    True: "SELECT 1 FROM staff WHERE id = $1 FOR NO KEY UPDATE",
    False: "SELECT 1 FROM staff WHERE id = $1 FOR SHARE",
}


@dataclass(frozen=True, slots=True)
class Held:
    """How much of a part somebody holds."""

    name: str
    title: str
    count: int


def register(belongings: Iterable[Belonging]) -> None:
    """What there is to hand over. Raises ValueError when two have one name."""
    for belonging in belongings:
        if _belongings.setdefault(belonging.name, belonging) is not belonging:
            raise ValueError(f"two belongings are named {belonging.name}")


async def preview(staff_id: UUID) -> list[Held]:
    """What a colleague holds of each part."""
    return [Held(one.name, one.title, await one.held(staff_id)) for one in _belongings.values()]


async def hand_over(source: UUID, target: UUID, parts: Sequence[str] | None, reason: str) -> UUID:
    """Give what a colleague (who may have left) holds to another one; returns the id of the hand-over.

    Raises StaffNotFound, ReceiverIsGiver, ReceiverNotAtWork, UnknownParts, and what a part raises.
    """
    chosen = _chosen(parts)
    if source == target:
        raise ReceiverIsGiver
    async with transaction() as connection:
        await _hold(connection, source, target)
        hand_over_id = new_id()
        made = await HandOver.create(
            id=hand_over_id,
            source_id=source,
            target_id=target,
            parts={},
            reason=reason,
            made_by=audit.actor(),
            made_at=clock.now(),
        )
        made.parts = {one.name: await one.hand_over(connection, source, target, hand_over_id) for one in chosen}
        await made.save(update_fields=["parts"])
        details = {"to": target, "parts": made.parts, "hand_over_id": hand_over_id}
        await audit.note("staff.handed_over", "staff", source, details)
    return hand_over_id


@retry_on_conflict
async def leave(staff_id: UUID, target: UUID | None, parts: Sequence[str] | None, reason: str) -> Colleague:
    """A colleague leaves and, with a target, hands over in the same step. Raises as both do."""
    async with transaction() as connection, administrators.keeping_one():
        if target is not None:
            await _hold(connection, staff_id, target)
        left = await organisation.leave(staff_id)
        if target is not None:
            await hand_over(staff_id, target, parts, reason)
    return left


def _chosen(parts: Sequence[str] | None) -> list[Belonging]:
    unknown = sorted(set(parts or ()) - _belongings.keys())
    if unknown:
        raise UnknownParts({"parts": unknown, "known": list(_belongings)})
    return [one for one in _belongings.values() if parts is None or one.name in parts]


async def _hold(connection: Connection, source: UUID, target: UUID) -> None:
    """Lock both, in the order of their ids, and see that the receiver is at work."""
    for staff_id in sorted((source, target)):
        if await connection.fetchval(_LOCK[staff_id == source], staff_id) is None:
            raise StaffNotFound
    if await queries.at_work(target) is None:
        raise ReceiverNotAtWork
