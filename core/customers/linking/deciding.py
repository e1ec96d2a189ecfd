"""What colleagues decide about who is who: merges by hand, their undoing, suggestions, disputes.

A file of its own: the service takes people in by itself, here somebody looks.
"""

from collections.abc import Sequence
from uuid import UUID

from core.customers import ownership
from core.customers import queries as customers
from core.customers.errors import CustomerNotFound
from core.customers.joining import MergeReason, merge
from core.customers.linking import evidence, previews, queries, undoing, verifying, weighing
from core.customers.linking.errors import (
    CandidateDecided,
    CandidateNotFound,
    DisputeNotFound,
    DisputeSettled,
    MergeNotFound,
    PreviewChanged,
)
from core.customers.linking.rules import CandidateState, Outcome
from core.customers.linking.schemas import DisputeOut, MergeIn, MergeOut, SettleIn
from core.organisation.queries import Colleague
from infra import audit, clock, database
from infra.database import Connection, retry_on_conflict, transaction

_DISMISS = """
UPDATE merge_candidate SET state = $2, decided_by = $3, decided_at = $4 WHERE id = $1 AND state = 'open'
"""

_DISPUTE = "SELECT number, former_id, newcomer_id, settled_at FROM phone_dispute WHERE id = $1"

_NUMBERS = "SELECT DISTINCT number FROM customer_phone WHERE customer_id = $1 AND contact_id IS NULL"

_SETTLE = """
UPDATE phone_dispute SET outcome = $2, proof = $3, settled_by = $4, settled_at = $5 WHERE id = $1
"""


@retry_on_conflict
async def merge_by_hand(by: Colleague, customer_id: UUID, body: MergeIn) -> MergeOut:
    """Make another customer in reach part of this one, as previewed.

    Raises CustomerNotFound, MergeWithItself, CustomerInPool, CustomerInTrash, PreviewChanged.
    """
    async with transaction() as connection:
        target, source = await queries.pair(customer_id, body.source_id, by)
        await _hold(connection, [target, source], by)
        if (await previews.preview(connection, target, source)).fingerprint != body.fingerprint:
            raise PreviewChanged
        merges = await merge(connection, {source: target}, MergeReason.BY_HAND, by=by.id)
        await audit.note("customer.merged", "customer", target, {"source": source, "merge": merges[source]})
        return await _merge(merges[source])


async def _hold(connection: Connection, customer_ids: Sequence[UUID], by: Colleague) -> None:
    try:
        await ownership.expect_editable(connection, customer_ids, by)
    except CustomerNotFound as error:
        # They were in reach a moment ago: merged or given away meanwhile.
        raise PreviewChanged from error


async def _merge(merge_id: UUID) -> MergeOut:
    found = await queries.merge(merge_id)
    if found is None:
        raise MergeNotFound
    return found


@retry_on_conflict
async def undo(by: Colleague, merge_id: UUID) -> MergeOut:
    """Take a merge back whose customer is in reach. Raises MergeNotFound, MergeChanged."""
    async with transaction() as connection:
        target = (await _merge(merge_id)).target_id
        try:
            standing = await customers.standing(target, by)
        except CustomerNotFound as error:
            raise MergeNotFound from error
        await undoing.undo(connection, merge_id, by.id)
        await audit.note("customer.unmerged", "customer", standing, {"merge": merge_id})
        return await _merge(merge_id)


async def dismiss(by: Colleague, candidate_id: UUID) -> None:
    """Two customers in reach are two people, whatever looks alike. Raises CandidateNotFound, CandidateDecided."""
    async with transaction() as connection:
        found = await queries.candidate(candidate_id, by)
        if found is None:
            raise CandidateNotFound
        done = await connection.execute(_DISMISS, candidate_id, CandidateState.DISMISSED.value, by.id, clock.now())
        if done == "UPDATE 0":
            raise CandidateDecided
        details = {"one": found.one.id, "other": found.other.id}
        await audit.note("merge_candidate.dismissed", "merge_candidate", candidate_id, details)


@retry_on_conflict
async def settle(by: Colleague, dispute_id: UUID, body: SettleIn) -> DisputeOut:
    """Say whose a disputed number is, and what proved it; both customers are in reach.

    Raises DisputeNotFound, DisputeSettled.
    """
    async with transaction() as connection:
        row = await connection.fetchrow(_DISPUTE, dispute_id)
        seen = await queries.dispute(dispute_id, by)
        if row is None or seen is None:
            raise DisputeNotFound
        number: str = row["number"]
        await evidence.hold_numbers(connection, [number], [row["former_id"], row["newcomer_id"]])
        if dict(row) != dict(await connection.fetchrow(_DISPUTE, dispute_id) or {}) or row["settled_at"]:
            raise DisputeSettled
        if body.outcome is Outcome.RECYCLED:
            await verifying.forget(connection, row["former_id"], [number])
        else:
            target, source = sorted((row["former_id"], row["newcomer_id"]))
            await merge(connection, {source: target}, MergeReason.DISPUTE, by=by.id)
        now = clock.now()
        await connection.execute(_SETTLE, dispute_id, body.outcome.value, body.proof.value, by.id, now)
        weighing.weigh([number])
        details = {"outcome": body.outcome, "proof": body.proof}
        await audit.note("phone_dispute.settled", "phone_dispute", dispute_id, details)
        return seen.model_copy(update={"outcome": body.outcome, "proof": body.proof, "settled_at": now})


async def weigh_numbers_of(customer_id: UUID) -> None:
    """After a merge: what kept the numbers of the two apart may be over."""
    async with transaction() as connection:
        numbers = [row["number"] for row in await database.fetch(_NUMBERS, customer_id)]
        if numbers:
            await weighing.weigh_now(connection, numbers)
