"""What can go wrong with the outbound ledger."""

from infra.errors import Conflict, NotFound


class MessageNotFound(NotFound):
    code = "outbound_not_found"
    message = "没有这条消息"
    english = "There is no such message"


class MessageNotRetriable(Conflict):
    """`state` is what it is in now."""

    code = "outbound_not_retriable"
    message = "只有失败或结果不明的消息可以重新发送"
    english = "Only a message that failed or whose fate is unknown can be sent again"
