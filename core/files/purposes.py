"""What files are uploaded for: which kinds are taken, and who besides the owner may see them by their id.

A context whose things refer to files declares a purpose of its own, or takes `attachment` and hands out links itself
to whoever may see the thing.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from core.files import queries
from core.files.errors import PurposeUnknown
from core.organisation.queries import Colleague
from infra.files import kinds
from infra.files.kinds import Family, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """Declared once, as a module constant of its owner. `only` are the kinds it is narrowed to, if it is."""

    name: str
    families: frozenset[Family]
    only: frozenset[Kind] = frozenset()
    may_see: Callable[[Colleague, UUID], Awaitable[bool]]

    def __post_init__(self) -> None:
        if declared.setdefault(self.name, self) is not self:
            raise ValueError(f"two purposes are named {self.name}")


declared: dict[str, Purpose] = {}


def purpose(name: str) -> Purpose:
    """Raises PurposeUnknown."""
    if name not in declared:
        raise PurposeUnknown({"purposes": sorted(declared)})
    return declared[name]


async def _only_the_owner(_by: Colleague, _file_id: UUID) -> bool:
    return False


async def _readers_of_the_library(by: Colleague, file_id: UUID) -> bool:
    return by.may("images:read") and await queries.is_in_library(file_id)


ATTACHMENT = Purpose(name="attachment", families=frozenset(Family) - {Family.TABLE}, may_see=_only_the_owner)
IMAGE = Purpose(name="image", families=frozenset({Family.IMAGE}), may_see=_readers_of_the_library)
TABLE = Purpose(
    name="table",
    families=frozenset({Family.TABLE, Family.DOCUMENT}),
    only=frozenset({kinds.CSV, kinds.XLSX}),
    may_see=_only_the_owner,
)
