"""What can go wrong at the inbox."""

from infra.errors import Conflict, Forbidden, NotFound


class ConversationNotFound(NotFound):
    code = "conversation_not_found"
    message = "没有这个会话"
    english = "There is no such conversation"


class ConversationChanged(Conflict):
    """`version` is the present one, `staff` who serves it now."""

    code = "conversation_changed"
    message = "会话已有变化，请刷新后再试"
    english = "The conversation has changed meanwhile"


class AnsweredMeanwhile(Conflict):
    """`staff` answered last, `at`, with message `number`."""

    code = "answered_meanwhile"
    message = "同事刚刚已回复，请先看一看"
    english = "A colleague has answered meanwhile"


class ServedByOther(Conflict):
    """`staff_id` and `staff` are who serves it."""

    code = "served_by_other"
    message = "这位客户正由同事接待"
    english = "A colleague is serving this customer"


class NoOpenCase(Conflict):
    code = "no_open_case"
    message = "会话已结束"
    english = "No case of service is open"


class CaseOpen(Conflict):
    code = "case_open"
    message = "会话正在接待中"
    english = "A case of service is open already"


class NeverServed(Conflict):
    code = "never_served"
    message = "还没有接待过，无法重新打开"
    english = "There has been no case of service to open again"


class ReceiverNotFound(NotFound):
    code = "receiver_not_found"
    message = "没有可以接手的这位同事或这家门店"
    english = "There is no such colleague or store to hand it to"


class StoreCannotAnswer(Conflict):
    code = "store_cannot_answer"
    message = "这家门店已关闭，或没有可以回复的同事"
    english = "The store is closed, or nobody there may answer"


class NotYoursToAssign(Forbidden):
    code = "not_yours_to_assign"
    message = "只能转交自己接待的会话"
    english = "Without inbox:assign you hand over only what you serve"


class QuickReplyNotFound(NotFound):
    code = "quick_reply_not_found"
    message = "没有这条快捷回复"
    english = "There is no such quick reply"


class QuickReplyChanged(Conflict):
    code = "quick_reply_changed"
    message = "快捷回复已被修改，请刷新后再试"
    english = "The quick reply was changed meanwhile"


class QuickRepliesUsedUp(Conflict):
    code = "quick_replies_used_up"
    message = "快捷回复已达上限"
    english = "There are as many quick replies as are allowed"
