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


class WindowShut(Conflict):
    """`until` is null and `left` 0."""

    code = "window_shut"
    message = "现在不能给这位粉丝发消息，请等粉丝再次发来消息"
    english = "The fan has not written lately, so WeChat lets nothing through"


class WindowUsedUp(Conflict):
    """`until` is when the open window ends, `left` is 0."""

    code = "window_used_up"
    message = "这次可发的消息条数已用完，请等粉丝再次发来消息"
    english = "WeChat lets no more messages through until the fan writes again"


class FanNotFollowing(Conflict):
    code = "fan_not_following"
    message = "这位粉丝已取消关注"
    english = "The fan doesn't follow the account"


class FanBlocked(Conflict):
    code = "fan_blocked"
    message = "这位粉丝在黑名单中"
    english = "The fan is on the blacklist"


class FanRefuses(Conflict):
    code = "fan_refuses"
    message = "这位粉丝拒收消息，或微信已不认识这位粉丝"
    english = "The fan refuses messages, or WeChat doesn't know the fan any more"


class AccountSilent(Conflict):
    code = "account_silent"
    message = "该账号处于观察模式或已停用，不能发送消息"
    english = "The account is in shadow mode or disabled: it sends nothing"
