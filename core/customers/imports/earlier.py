"""The dry run, and what it remembers of the rows before: enough to find out that a later one is the same person.

A file of its own: nothing a dry run does is kept, so before each chunk those rows of the former ones are played again
that have a number, a key or a value of a unique field in common with it, or with one of those.
"""

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NoReturn

import orjson

from core.customers.imports import taking
from core.customers.imports.drafts import Draft
from core.customers.imports.rules import Order, Taken
from core.customers.linking.rules import PhoneLabel
from core.organisation.queries import Colleague
from infra import names
from infra.database import transaction

# A number that stands in more rows than these under other names is a made-up one.
_MOST_ALIKE = 100


class Earlier:
    """Rows that would have been taken, by what they can be known by; `unique` are the custom fields whose values are.

    Kept small, since a table may have a million rows: evidence as hashes (that two are alike by chance only costs a row
    more to play), a row as JSON.
    """

    def __init__(self, unique: Collection[str]) -> None:
        self._unique = frozenset(unique)
        self._rows = dict[int, bytes]()
        self._by_evidence = dict[int, tuple[int, ...]]()

    def add(self, drafts: Iterable[Draft]) -> None:
        """These would have been taken, in this order."""
        for draft in drafts:
            for evidence in map(hash, self._evidence(draft)):
                rows = self._by_evidence.get(evidence, ())
                if len(rows) < _MOST_ALIKE and all(_key(self._draft(row)) != _key(draft) for row in rows):
                    self._by_evidence[evidence] = (*rows, draft.row)
                    self._rows.setdefault(draft.row, _packed(draft))

    def like(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Those to be played before these, in their order."""
        looked, found = set[int](), dict[int, Draft]()
        to_look = [evidence for draft in drafts for evidence in self._to_look(draft)]
        while to_look:
            evidence = to_look.pop()
            if evidence in looked:
                continue
            looked.add(evidence)
            for row in self._by_evidence.get(evidence, ()):
                if row not in found:
                    found[row] = self._draft(row)
                    to_look.extend(self._to_look(found[row]))
        return [found[row] for row in sorted(found)]

    def _evidence(self, draft: Draft) -> Iterator[Hashable]:
        yield from (number for _, number in draft.phones)
        if draft.external_number:
            yield ("external", draft.external_number)
        yield from (("custom", key, str(value)) for key, value in draft.custom.items() if key in self._unique)

    def _to_look(self, draft: Draft) -> Iterator[int]:
        yield from map(hash, self._evidence(draft))
        if draft.parent:
            yield hash(("external", draft.parent))

    def _draft(self, row: int) -> Draft:
        name, custom, phones, external_number, parent = orjson.loads(self._rows[row])
        values = {"name": name} if name else {}
        numbers = [(PhoneLabel(label), number) for label, number in phones]
        return Draft(row, values, custom, numbers, external_number, parent)


def _packed(draft: Draft) -> bytes:
    # A copy: the library gives bytes in more room than they fill.
    whole = [draft.name, draft.custom, draft.phones, draft.external_number, draft.parent]
    return bytes(memoryview(orjson.dumps(whole)))


def _key(draft: Draft) -> str:
    return names.key(draft.name or "")


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
