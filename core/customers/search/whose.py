"""Whose customers a search is about, of those in the caller's reach.

A file of its own: it decides, before any SQL, which indexes can help.
"""

from dataclasses import dataclass
from uuid import UUID

from core.customers.ownership import Place
from core.customers.search.schemas import CustomerFilters
from core.organisation.queries import Colleague
from core.organisation.scopes import Put, Values, alone, staff_in_reach

# Nobody looks after these, so they are in nobody's reach but of who sees all.
UNOWNED = {
    Place.POOL: "c.pooled_at IS NOT NULL",
    Place.TRASH: "c.discarded_at IS NOT NULL",
    Place.NOBODY: "c.guide_id IS NULL",
}

_BELOW = """WITH RECURSIVE below AS (
    SELECT {0}::uuid AS id UNION SELECT d.id FROM department d JOIN below b ON d.parent_id = b.id
) SELECT id FROM below"""


@dataclass(frozen=True, slots=True)
class Whose:
    """One colleague's customers, many colleagues', those of a place without owners, or (none of these) everybody's."""

    filters: CustomerFilters
    by: Colleague | None
    one: UUID | None
    many: bool

    @classmethod
    def of(cls, filters: CustomerFilters, by: Colleague | None) -> "Whose":
        """Without `by`, of the whole company."""
        asked = filters.owner_ids is not None or filters.department_id is not None or filters.store_id is not None
        all_reached = by is None or staff_in_reach(by, Values().put) is None
        if by is not None and alone(by) and not asked:
            return cls(filters, by, by.id, many=False)
        if all_reached and filters.owner_ids and filters.model_fields_set.isdisjoint({"department_id", "store_id"}):
            one = filters.owner_ids[0] if len(filters.owner_ids) == 1 else None
            return cls(filters, by, one, many=one is None)
        return cls(filters, by, None, many=asked or not all_reached)

    @property
    def single(self) -> bool:
        """Whether an index has them all in order."""
        return self.one is not None or self.unowned is not None

    @property
    def owned(self) -> bool:
        """Whether they are one colleague's or many colleagues'."""
        return self.one is not None or self.many

    @property
    def nobody(self) -> bool:
        """Whether it contradicts itself: customers without an owner among those of owners."""
        return self.owned and self.filters.place in UNOWNED

    @property
    def unowned(self) -> str | None:
        """The condition on `c` of a place without owners."""
        return None if self.filters.place is None else UNOWNED.get(self.filters.place)

    def owners(self, put: Put) -> str:
        """SQL of the ids of the colleagues, when they are many."""
        reach = None if self.by is None else staff_in_reach(self.by, put)
        filters = self.filters
        if reach is not None and not (filters.owner_ids or filters.department_id or filters.store_id):
            return reach
        conditions = [f"id IN ({reach})"] if reach is not None else []
        if self.filters.owner_ids:
            conditions.append(f"id = ANY({put(self.filters.owner_ids)}::uuid[])")
        if self.filters.department_id:
            conditions.append(f"department_id IN ({_BELOW.format(put(self.filters.department_id))})")
        if self.filters.store_id:
            conditions.append(f"store_id = {put(self.filters.store_id)}::uuid")
        return f"SELECT id FROM staff WHERE {' AND '.join(conditions)}"
