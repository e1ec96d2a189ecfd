"""Rows whose mobile somebody else has already: the same name is refused (AT-17), another one is as was ordered.

Also those whose parent unit is neither known nor above them in the table. A file of its own: it looks at a chunk before
anything of it is written, row by row, as if they came one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from core.customers.imports.drafts import Draft
from core.customers.imports.references import Found
from core.customers.imports.rules import OnPossibleDuplicate, Order, Problem
from core.customers.profiles import duplicates
from core.customers.profiles.duplicates import Known
from core.customers.profiles.rules import name_key
from infra.database import Connection
from infra.ids import new_id

_NAMES = """
SELECT customer_id, name_key FROM customer_profile WHERE customer_id = ANY($1::uuid[]) AND name_key IS NOT NULL
"""
_NOBODY = "\0"


async def judge(
    connection: Connection, order: Order, drafts: Sequence[Draft], found: Found
) -> tuple[dict[int, Problem], dict[int, Problem]]:
    """What to warn of, and what is refused, by row. Nobody else enters these mobiles before the commit.

    Whoever has a known number in another system is known, whatever the mobile says. A customer without a name is no
    other one: who is meant, the identity service finds out.
    """
    known = await duplicates.hold(connection, {number for draft in drafts for number in draft.mobiles})
    holders = {one for draft in drafts for one in known.alike(_NOBODY, draft.mobiles)[0]}
    rows = await connection.fetch(_NAMES, [*holders, *found.known.values()])
    named = {row["customer_id"]: row["name_key"] for row in rows}
    judging = _Judging(order, known, named, dict(found.known), set(found.parents))
    for draft in drafts:
        judging.judge(draft)
    return judging.doubtful, judging.refused


@dataclass(slots=True)
class _Judging:
    """What is known when a row's turn comes: who has which name and number, units that stand above it."""

    order: Order
    known: Known
    named: dict[UUID, str]
    external: dict[str, UUID]
    units: set[str]
    doubtful: dict[int, Problem] = field(default_factory=dict)
    refused: dict[int, Problem] = field(default_factory=dict)

    def judge(self, draft: Draft) -> None:
        number = draft.external_number or ""
        person = self.external.get(number)
        problem = self._unit(draft) or (self._alike(draft) if person is None else None)
        if problem:
            self.refused[draft.row] = problem
            return
        person = person or new_id()
        if draft.name and (key := name_key(draft.name)):
            self.named.setdefault(person, key)
        self.known.add(person, self.named.get(person), draft.mobiles)
        if number:
            self.external[number] = person
            self.units.add(number)

    def _unit(self, draft: Draft) -> Problem | None:
        unknown = draft.parent and draft.parent not in self.units
        return Problem("parent_unknown", "parent") if unknown else None

    def _alike(self, draft: Draft) -> Problem | None:
        alike, same = self.known.alike(draft.name, draft.mobiles)
        if same:
            return Problem("duplicate_customer", "mobile")
        if draft.name and not self.named.keys().isdisjoint(alike):
            problem = self.doubtful[draft.row] = Problem("possible_duplicate", "mobile")
            return problem if self.order.on_possible_duplicate is OnPossibleDuplicate.REFUSE else None
        if alike:
            self.doubtful[draft.row] = Problem("maybe_known", "mobile")
        return None
