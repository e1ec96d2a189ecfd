"""What can go wrong with channels."""

from infra.errors import Conflict, NotFound


class ChannelNotFound(NotFound):
    code = "channel_not_found"
    message = "没有这个渠道"
    english = "There is no such channel"


class ChannelNameTaken(Conflict):
    code = "channel_name_taken"
    message = "已有同名渠道"
    english = "A channel of this name exists"
