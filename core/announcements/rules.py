"""How people are told of announcements."""

from uuid import UUID

from core.notices.rules import NoticeKind

NEW = NoticeKind("announcement.new", title="新公告")
CHANGED = NoticeKind("announcement.changed", title="公告有修改")


def notice_key(announcement_id: UUID, version: int) -> str:
    """One notice per colleague and version."""
    return f"announcement:{announcement_id}:{version}"


def notice_keys(announcement_id: UUID, newest: int) -> list[str]:
    """The keys of the notices of all versions."""
    return [notice_key(announcement_id, version) for version in range(1, newest + 1)]
