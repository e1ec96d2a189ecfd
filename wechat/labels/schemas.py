"""What staff send and see about labels."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from infra.schemas import Input, Output, Text
from wechat.labels.rules import LabelKind

LabelName = Annotated[Text, StringConstraints(min_length=1, max_length=30)]


class LabelIn(Input):
    app_id: Annotated[Text, StringConstraints(max_length=32)]
    kind: LabelKind = LabelKind.TAG
    name: LabelName


class LabelChange(Input):
    name: LabelName


class LabelOut(Output):
    """`fans` carry it here; `synced`: the platform knows it by this name, otherwise `error` may say why not."""

    id: UUID
    app_id: str
    kind: LabelKind
    name: str
    fans: int
    synced: bool
    error: str | None


class LabelIdsIn(Input):
    """At most one group per account."""

    label_ids: Annotated[list[UUID], Field(max_length=100)]


class CustomerIdsIn(Input):
    customer_ids: Annotated[list[UUID], Field(min_length=1, max_length=1000)]


class LabelledOut(Output):
    """`left_out` are unknown to the label's account."""

    labelled: int
    left_out: int
