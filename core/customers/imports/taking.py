"""Taking rows of a table: who each person is, what is new of them, and what becomes of the row. A set function.

A file of its own: the import calls it with a thousand rows, the dry run with as many and takes everything back.
What only shows when it is written (a value of a unique field that somebody has, a person who isn't the importer's to
change) takes the whole chunk back, and it is written again without those rows: each row's outcome is what it would be
if the rows came one by one, and a row that is refused or may change nothing leaves nothing behind.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid5

from core.customers import people
from core.customers.imports import doubts, references, writing
from core.customers.imports.drafts import Draft
from core.customers.imports.references import Found
from core.customers.imports.rules import EXTERNAL, Into, Order, Problem, RowOutcome, Taken
from core.customers.linking import service as linking
from core.customers.linking.rules import Arrival, Arrived, Door
from core.organisation.queries import Colleague
from infra.database import Connection, transaction


class _Again(Exception):
    """What becomes of these rows is settled; the others have to be written without them."""

    def __init__(self, settled: Mapping[int, Taken]) -> None:
        super().__init__()
        self.settled = settled


@dataclass(frozen=True, slots=True)
class _Met:
    """A row and whom it was taken for; `doubt`: the mobile was somebody else's before."""

    draft: Draft
    arrived: Arrived
    customer_id: UUID
    doubt: Problem | None

    @property
    def known(self) -> UUID | None:
        """Whom we know already, or met in a row before, as that person; None for somebody new."""
        return self.arrived.joins or (None if self.arrived.created else self.customer_id)


async def take(connection: Connection, order: Order, by: Colleague, drafts: Sequence[Draft]) -> list[Taken]:
    """Take rows in the caller's transaction, which holds no lock of a customer yet; one result per row."""
    found = await references.find(connection, by, drafts)
    refused = {draft.row: problems for draft in drafts if (problems := tuple(_problems(order, draft, found)))}
    good = [draft for draft in drafts if draft.row not in refused]
    owners = {owner for draft in good if (owner := writing.place_of(order, draft, found)[1])}
    await people.hold_guides(connection, owners)
    taken = {one.row: one for one in await _until_all_stand(order, by, good, found)}
    return [taken.get(draft.row) or _refused(draft.row, *refused[draft.row]) for draft in drafts]


def _problems(order: Order, draft: Draft, found: Found) -> Iterator[Problem]:
    yield from draft.problems
    yield from found.problems(draft)
    if order.into is Into.COLUMN and not draft.owner:
        yield Problem("owner_needed", "owner")


async def _until_all_stand(order: Order, by: Colleague, drafts: Sequence[Draft], found: Found) -> list[Taken]:
    settled = dict[int, Taken]()
    while True:
        try:
            async with transaction() as connection:
                taken = await _take(connection, order, by, [one for one in drafts if one.row not in settled], found)
        except _Again as again:
            settled |= again.settled
        else:
            return [*taken, *settled.values()]


async def _take(
    connection: Connection, order: Order, by: Colleague, drafts: Sequence[Draft], found: Found
) -> list[Taken]:
    doubtful, refused = await doubts.judge(connection, order, drafts, found)
    rest = [draft for draft in drafts if draft.row not in refused]
    arrived = await linking.arrive_many(connection, [_arrival(order, draft) for draft in rest])
    met = [
        _Met(draft, one, one.customer_id, doubtful.get(draft.row))
        for draft, one in zip(rest, arrived, strict=True)
        if one.customer_id
    ]
    # Units may stand in the same table as those below them.
    here = {one.draft.external_number: one.customer_id for one in met if one.draft.external_number}
    found = replace(found, parents=here | dict(found.parents))
    new = [(one.draft, one.customer_id, one.arrived.joins) for one in met if one.arrived.created]
    wrong = await writing.create(connection, order, new, found)
    former = await writing.changeable(connection, by, {one.known for one in met if one.known})
    known = [one for one in met if not one.arrived.created]
    wrong |= await writing.add_to(
        connection, order, [(one.draft, one.customer_id) for one in known if one.known in former], former, found
    )
    settled = {row: _refused(row, problem) for row, problem in wrong.items()}
    settled |= {one.draft.row: _left_alone(one) for one in met if one.known and one.known not in former}
    if settled:
        raise _Again(settled)
    await writing.add_the_rest(connection, order, [(one.draft, one.customer_id) for one in met], found)
    return [*map(_taken, met), *(_refused(row, problem) for row, problem in refused.items())]


def _arrival(order: Order, draft: Draft) -> Arrival:
    keys = ((EXTERNAL, draft.external_number),) if draft.external_number else ()
    return Arrival(
        source=uuid5(order.run_id, str(draft.row)),
        door=Door.IMPORT,
        occurred_at=order.ordered_at,
        phone=draft.mobile,
        name=draft.name,
        keys=keys,
    )


def _refused(row: int, *problems: Problem) -> Taken:
    return Taken(row, RowOutcome.REFUSED, problems)


def _left_alone(met: _Met) -> Taken:
    return Taken(met.draft.row, RowOutcome.LINKED, (Problem("known_unchanged"),))


def _taken(met: _Met) -> Taken:
    row = met.draft.row
    if met.known:
        return Taken(row, RowOutcome.LINKED, (Problem("known"),), met.known)
    if met.doubt:
        return Taken(row, RowOutcome.WARNED, (met.doubt,), met.customer_id, is_new=True)
    return Taken(row, RowOutcome.CREATED, (), met.customer_id, is_new=True)
