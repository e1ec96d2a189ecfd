"""What can go wrong with announcements."""

from infra.errors import Conflict, NotFound


class AnnouncementNotFound(NotFound):
    code = "announcement_not_found"
    message = "没有这条公告"
    english = "There is no such announcement"


class AnnouncementChanged(Conflict):
    code = "announcement_changed"
    message = "公告已被他人修改，请刷新后再试"
    english = "The announcement was changed by somebody else"


class AnnouncementWithdrawn(Conflict):
    code = "announcement_withdrawn"
    message = "公告已撤回"
    english = "The announcement was withdrawn"
