"""What can go wrong with a hand-over."""

from infra.errors import Conflict, InvalidInput


class ReceiverNotAtWork(Conflict):
    code = "receiver_not_at_work"
    message = "接收人已离职或已停用"
    english = "The receiver has left or is disabled"


class ReceiverIsGiver(InvalidInput):
    code = "receiver_is_giver"
    message = "不能移交给本人"
    english = "The receiver is the one who hands over"


class UnknownParts(InvalidInput):
    """`parts` are the unknown ones, `known` all there are."""

    code = "hand_over_parts_unknown"
    message = "没有这类可移交的内容"
    english = "There is nothing of this name to hand over"
