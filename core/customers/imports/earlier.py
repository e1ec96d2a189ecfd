"""What a dry run remembers of the rows before: enough to find out that a later one is the same person.

A file of its own: nothing a dry run does is kept, so in each chunk those rows of the former ones that have a number, a
key or a value of a unique field in common with the chunk are played again, before it.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence

from core.customers.imports.drafts import Draft
from infra import names

# Of one number under several names, so many are enough: whether there are none, one or more decides.
_MOST_OTHERS = 2


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
            )
            for evidence in _evidence(draft):
                self._by_evidence[evidence].setdefault(names.key(draft.name or ""), small)

    def like(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Those to be played before these, in their order."""
        found = {draft.row: draft for one in drafts for draft in self._of(one)}
        return [found[row] for row in sorted(found)]

    def _of(self, draft: Draft) -> Iterator[Draft]:
        name = names.key(draft.name or "")
        for evidence in _evidence(draft):
            known = self._by_evidence.get(evidence, {})
            others = (other for key, other in known.items() if key != name)
            yield from (known[key] for key in (name,) if key in known)
            yield from (other for other, _ in zip(others, range(_MOST_OTHERS), strict=False))


def _evidence(draft: Draft) -> Iterator[Hashable]:
    yield from (number for _, number in draft.phones)
    if draft.external_number:
        yield ("external", draft.external_number)
    yield from (
        ("custom", key, str(value)) for key, value in draft.custom.items() if isinstance(value, str | int | float)
    )
