"""Which conversations a colleague sees, as SQL on `k` (a row of conversation): lists, counts, search and acts ask here.

A file of its own, as `core.organisation.scopes` is. In reach is: whoever serves it or owns the customer is in the data
scope, or it waits in the line of a store that is. What nobody serves, owns or waits for there, only Scope.ALL sees.
"""

from core.organisation.queries import Colleague
from core.organisation.scopes import Put, alone, staff_in_reach, stores_in_reach
from core.permissions.rules import Scope

# It waits for somebody: in the line of its store, or without one in that of the agents.
IN_LINE = "k.case_id IS NOT NULL AND k.staff_id IS NULL"

# No EXISTS: that would be answered from a list of all identities.
_OWNER = "(SELECT c.guide_id FROM identity i JOIN customer c ON c.id = i.customer_id WHERE i.id = k.identity_id)"


def whose(by: Colleague, put: Put) -> str:
    """Condition: the conversation `k` is in reach of `by`."""
    if by.scope is Scope.ALL:
        return "true"
    people = f"= {put(by.id)}::uuid" if alone(by) else f"IN ({staff_in_reach(by, put)})"
    return f"(k.staff_id {people} OR ({IN_LINE} AND {of_lines(by, put)}) OR {_OWNER} {people})"


def of_lines(by: Colleague, put: Put) -> str:
    """Condition: the store of `k` is one whose line `by` sees."""
    stores = stores_in_reach(by, put)
    return "k.store_id IS NOT NULL" if stores is None else f"k.store_id IN ({stores})"


def is_agent(by: Colleague) -> bool:
    """Whether `by` is one of those who answer what belongs to nobody else."""
    return by.may("inbox:reply") and by.scope is Scope.ALL
