"""Rows whose mobile somebody else has already: the same name is refused (AT-17), another one is as was ordered.

A file of its own: it looks at a chunk before anything of it is written, row by row, as if they came one by one.
"""

from collections.abc import Sequence
from uuid import UUID

from core.customers.imports.drafts import Draft
from core.customers.imports.references import Found
from core.customers.imports.rules import OnPossibleDuplicate, Order, Problem
from core.customers.profiles import duplicates
from core.customers.profiles.rules import name_key
from infra.database import Connection
from infra.ids import new_id

_NAMED = """
SELECT customer_id FROM customer_profile WHERE customer_id = ANY($1::uuid[]) AND name_key IS NOT NULL
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
    named = {row["customer_id"] for row in await connection.fetch(_NAMED, list(holders))} if holders else set[UUID]()
    external, doubtful, refused = set(found.known), dict[int, Problem](), dict[int, Problem]()
    for draft in drafts:
        number, problem = draft.external_number, None
        alike, same = known.alike(draft.name, draft.mobiles) if number not in external else ([], False)
        if same and draft.name:
            problem = Problem("duplicate_customer", "mobile")
        elif draft.name and not named.isdisjoint(alike):
            doubtful[draft.row] = Problem("possible_duplicate", "mobile")
            if order.on_possible_duplicate is OnPossibleDuplicate.REFUSE:
                problem = doubtful[draft.row]
        elif alike:
            doubtful[draft.row] = Problem("maybe_known", "mobile")
        if problem:
            refused[draft.row] = problem
            continue
        taken = new_id()
        known.add(taken, draft.name, draft.mobiles)
        if draft.name and name_key(draft.name):
            named.add(taken)
        if number:
            external.add(number)
    return doubtful, refused
