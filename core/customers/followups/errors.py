"""What can go wrong with follow-ups."""

from infra.errors import Conflict, InvalidInput


class NotTheOwner(Conflict):
    code = "not_the_owner"
    message = "只有归属人可以填写跟进"
    english = "Only the owner of a customer writes follow-ups"


class MomentRefused(InvalidInput):
    """It is neither later than now nor earlier than `earliest`."""

    code = "follow_up_moment_refused"
    message = "跟进时间不能晚于现在，也不能早于允许的补录期限"
    english = "A follow-up is neither in the future nor too far back"
