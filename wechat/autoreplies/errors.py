"""What can go wrong with automatic replies."""

from infra.errors import Conflict, InvalidInput, NotFound


class AutoReplyNotFound(NotFound):
    code = "auto_reply_not_found"
    message = "没有这条自动回复"
    english = "There is no such automatic reply"


class AutoReplyChanged(Conflict):
    """`details.version` is the present one."""

    code = "auto_reply_changed"
    message = "自动回复已被他人修改，请刷新后再试"
    english = "The automatic reply was changed by somebody else"


class AutoRepliesUsedUp(Conflict):
    code = "auto_replies_used_up"
    message = "自动回复已达上限，请先删除不用的"
    english = "There are as many automatic replies as are allowed"


class PatternInvalid(InvalidInput):
    """`details` name the pattern, and what the engine says about it."""

    code = "pattern_invalid"
    message = "匹配规则写法有误，或者什么都能匹配上"
    english = "The pattern can't be read, or it matches everything"


class EventNotAnswered(InvalidInput):
    """`details.use` is the trigger that answers it instead, if one does."""

    code = "event_not_answered"
    message = "这个事件不能在这里回复：关注请用“关注回复”，取消关注收不到消息"
    english = "This event isn't answered here: use a follow rule for follows; who leaves reads nothing"


class TooManyContents(InvalidInput):
    """The platform takes only so many messages after such an act: `details.most`."""

    code = "too_many_contents"
    message = "微信在这种情况下不允许连续发这么多条，请减少回复内容"
    english = "The platform doesn't take so many messages after such an act"


class PictureNotFound(NotFound):
    """`details.file_ids`: neither pictures that the caller uploaded nor of the library."""

    code = "picture_not_found"
    message = "没有这张图片，请重新上传或从图片库选择"
    english = "There is no such picture among your uploads and in the library"
