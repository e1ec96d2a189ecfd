"""Merges, suggestions and disputes as colleagues see them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from core.customers.joining import MergeReason
from core.customers.linking.rules import CandidateState, Outcome, PhoneLabel, Proof
from infra.schemas import Input, Output


class MergeWarning(StrEnum):
    """What a colleague should know before making two customers one."""

    TWO_MEMBERS = "two_members"
    DISPUTED = "disputed"
    OTHER_OWNER = "other_owner"
    OTHER_NAME = "other_name"
    BUSINESS = "business"


class MovingOut(Output):
    """How much of a part would move; what the target has already stays behind."""

    name: str
    title: str
    rows: int


class PreviewOut(Output):
    """What would become of `source_id` if it became part of `target_id`.

    `conflicts` are the fields of the record that differ; which value stays is decided by where it came from.
    """

    target_id: UUID
    source_id: UUID
    moving: list[MovingOut]
    conflicts: list[str]
    warnings: list[MergeWarning]
    fingerprint: str


class MergeIn(Input):
    """`fingerprint` is the preview's: what has changed since is looked at again first."""

    source_id: UUID
    fingerprint: Annotated[str, Field(min_length=1, max_length=64)]


class MergeOut(Output):
    """`source_id` became part of `target_id`; `undone_at`: and is a customer of its own again."""

    id: UUID
    source_id: UUID
    target_id: UUID
    reason: MergeReason
    merged_by: UUID | None
    merged_at: datetime
    undone_at: datetime | None


class SideOut(Output):
    """One of two customers who may be one."""

    id: UUID
    number: int
    name: str | None
    owner: str | None


class CandidateOut(Output):
    """Two customers who may be one person, and why."""

    id: UUID
    one: SideOut
    other: SideOut
    reason: str
    state: CandidateState
    found_at: datetime


class DisputeOut(Output):
    """A number that `newcomer` proved after `former`; until it is settled the former's card is held."""

    id: UUID
    number: str
    former: SideOut
    newcomer: SideOut
    opened_at: datetime
    outcome: Outcome | None
    proof: Proof | None
    settled_at: datetime | None


class SettleIn(Input):
    """`recycled`: the number is the newcomer's alone; `same_person`: both are one customer from now on."""

    outcome: Literal[Outcome.SAME_PERSON, Outcome.RECYCLED]
    proof: Proof


class NumberOut(Output):
    """A number of a customer, or of the contact person named."""

    id: UUID
    label: PhoneLabel
    text: str | None
    masked: bool
    verified: bool
    contact_id: UUID | None
