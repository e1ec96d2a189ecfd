"""The dry run, and what it remembers of the rows before: enough to find out that a later one is the same person.

A file of its own: nothing a dry run does is kept, so before each chunk those rows of the former ones are played again
that have a number, a key or a value of a unique field in common with it, or with one of those.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NoReturn

from core.customers.imports import taking
from core.customers.imports.drafts import Draft
from core.customers.imports.rules import Order, Taken
from core.organisation.queries import Colleague
from infra import names
from infra.database import transaction

# A number that stands in more rows than these under other names is a made-up one.
_MOST_ALIKE = 100


class Earlier:
    """Rows that would have been taken, by what they can be known by."""

    def __init__(self) -> None:
        self._by_evidence = defaultdict[Hashable, dict[str, Draft]](dict)

    def add(self, drafts: Iterable[Draft]) -> None:
        """These would have been taken, in this order."""
        for draft in drafts:
            small = Draft(
                draft.row,
                {"name": draft.name} if draft.name else {},
                dict(draft.custom),
                list(draft.phones),
                draft.external_number,
                draft.parent,
            )
            for evidence in _evidence(draft):
                known = self._by_evidence[evidence]
                if len(known) < _MOST_ALIKE:
                    known.setdefault(names.key(draft.name or ""), small)

    def like(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Those to be played before these, in their order."""
        looked, found = set[Hashable](), dict[int, Draft]()
        to_look = [evidence for draft in drafts for evidence in (*_evidence(draft), *_parent(draft))]
        while to_look:
            evidence = to_look.pop()
            if evidence in looked:
                continue
            looked.add(evidence)
            for draft in self._by_evidence.get(evidence, {}).values():
                if draft.row not in found:
                    found[draft.row] = draft
                    to_look.extend((*_evidence(draft), *_parent(draft)))
        return [found[row] for row in sorted(found)]


def _evidence(draft: Draft) -> Iterator[Hashable]:
    yield from (number for _, number in draft.phones)
    if draft.external_number:
        yield ("external", draft.external_number)
    yield from (
        ("custom", key, str(value)) for key, value in draft.custom.items() if isinstance(value, str | int | float)
    )


def _parent(draft: Draft) -> Iterator[Hashable]:
    if draft.parent:
        yield ("external", draft.parent)


class _Rehearsed(Exception):
    """Takes everything back."""


def _take_back() -> NoReturn:
    raise _Rehearsed


async def rehearse(order: Order, by: Colleague, drafts: Sequence[Draft], earlier: Earlier) -> list[Taken]:
    """What would become of these, after what would have become of those before them."""
    before = earlier.like(drafts)
    taken = list[Taken]()
    try:
        async with transaction() as connection:
            taken = (await taking.take(connection, order, by, [*before, *drafts]))[len(before) :]
            _take_back()
    except _Rehearsed:
        return [replace(one, customer_id=None) for one in taken]
