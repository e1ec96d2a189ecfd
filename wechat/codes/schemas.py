"""What staff see of codes."""

from enum import StrEnum
from uuid import UUID

from infra.schemas import Output
from wechat.codes.rules import CodeState


class TargetKind(StrEnum):
    GUIDE = "guide"
    STORE = "store"
    CHANNEL = "channel"


class CodeOut(Output):
    """`url` is what the QR holds; `png` and `poster` are paths of ours."""

    id: UUID
    app_id: str
    account: str
    kind: TargetKind
    target_id: UUID
    target: str
    state: CodeState
    url: str | None
    ticket: str | None
    png: str
    poster: str
