"""What notices about tasks say."""

from datetime import datetime

from core.notices.rules import NoticeKind
from infra.settings import settings

LINK = "/tasks/{}"
_LONGEST_TITLE = 100
_EXCERPT = 200


def title_of(kind: NoticeKind, title: str) -> str:
    """`新任务：…`."""
    return f"{kind.title}：{title}"[:_LONGEST_TITLE]


def asked_for(body: str, deadline: datetime | None) -> str:
    """Until when, and how what is asked begins."""
    begins = body if len(body) <= _EXCERPT else f"{body[:_EXCERPT]}…"
    return "\n".join(part for part in (deadline and f"截止 {moment(deadline)}", begins) if part)


def moment(at: datetime) -> str:
    """Business time, to the minute."""
    return f"{at.astimezone(settings().timezone):%Y-%m-%d %H:%M}"
