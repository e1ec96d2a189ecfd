"""What can go wrong with notices."""

from infra.errors import InvalidInput, NotFound


class NoticeNotFound(NotFound):
    code = "notice_not_found"
    message = "没有这条通知"
    english = "There is no such notice"


class UnknownNoticeKind(InvalidInput):
    code = "notice_kind_unknown"
    message = "没有这类通知"
    english = "There is no such kind of notice"
