"""What follows from an errcode (wechat-platform §8). Pure: the client and its callers act on it."""

from enum import StrEnum


class Action(StrEnum):
    """The client itself sees to the first five; the others are for whoever made the call."""

    RETRY = "retry"  # busy: back off, a few times
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - an action: one guarded refresh, one retry
    STOP_TODAY = "stop_today"  # the day's quota is spent: nothing more before midnight
    SLOW_DOWN = "slow_down"  # the minute's quota is spent
    ALERT = "alert"  # only an operator can help

    ASK_USER_AGAIN = "ask_user_again"  # a code of OAuth or log-in is bad or used
    DISABLE_TEMPLATE = "disable_template"  # and an operator hears of it
    FIX_CONFIGURATION = "fix_configuration"
    FIX_DATA = "fix_data"  # never repeated as it is
    MARK_BLACKLISTED = "mark_blacklisted"
    MARK_NOT_FOLLOWING = "mark_not_following"
    MARK_OPENID_WRONG = "mark_openid_wrong"
    MARK_REFUSES = "mark_refuses"
    MARK_UNAUTHORISED = "mark_unauthorised"
    NO_GRANT = "no_grant"  # the subscription's balance is 0
    REAUTHORISE = "reauthorise"
    REFUSE_LOGIN = "refuse_login"
    REFUSED = "refused"  # a code we have no word for: permanent, to be looked at
    REJECT_CONTENT = "reject_content"
    REMOVE_USE = "remove_use"  # the platform has retired the call
    REPORT_BUG = "report_bug"
    SENT_ALREADY = "sent_already"
    SWITCH_CHANNEL = "switch_channel"  # the window is shut or its messages are used up
    TAG_REFUSED = "tag_refused"
    UPLOAD_AGAIN = "upload_again"
    WAIT_A_MINUTE = "wait_a_minute"


_BY_ACTION: dict[Action, tuple[int, ...]] = {
    Action.RETRY: (-1,),
    Action.REFRESH_TOKEN: (40001, 40014, 42001),
    Action.STOP_TODAY: (45009,),
    Action.SLOW_DOWN: (45011,),
    Action.ALERT: (40013, 40125, 40164, 40243, 48001, 48004, 48006, 89503),
    Action.ASK_USER_AGAIN: (40029, 40163),
    Action.DISABLE_TEMPLATE: (40037,),
    Action.FIX_CONFIGURATION: (41030,),
    Action.FIX_DATA: (47001, 47003),
    Action.MARK_BLACKLISTED: (43019,),
    Action.MARK_NOT_FOLLOWING: (43004, 50005),
    Action.MARK_OPENID_WRONG: (40003,),
    Action.MARK_REFUSES: (48002,),
    Action.MARK_UNAUTHORISED: (50001, 50002),
    Action.NO_GRANT: (43101,),
    Action.REAUTHORISE: (42007,),
    Action.REFUSE_LOGIN: (40226,),
    Action.REJECT_CONTENT: (87014,),
    Action.REMOVE_USE: (45103, 45109),
    Action.REPORT_BUG: (40129, 43104, 45067),
    Action.SENT_ALREADY: (45065,),
    Action.SWITCH_CHANNEL: (45015, 45047),
    Action.TAG_REFUSED: (45056, 45057, 45058, 45059, 45157, 45158, 45159),
    Action.UPLOAD_AGAIN: (40007,),
    Action.WAIT_A_MINUTE: (45066,),
}

ACTIONS = {errcode: action for action, errcodes in _BY_ACTION.items() for errcode in errcodes}

# What an operator hears of, and in which words.
ALERTS = {
    40001: "AppSecret 或令牌无效：请核对 AppSecret，并确认没有其他系统在强制刷新令牌",
    40013: "AppID 无效：请核对 AppID",
    40037: "消息模板无效：请在公众平台核对模板 ID",
    40125: "AppSecret 无效：请在公众平台重置后用 guanxi account set 更新",
    40164: "调用方 IP 不在白名单：请在公众平台“IP 白名单”中加入该 IP",
    40243: "AppSecret 已被冻结：请在公众平台解冻或重置",
    48001: "接口没有权限：请确认公众号已认证并开通该接口",
    48004: "接口被封禁：请登录公众平台查看站内信",
    48006: "本月清零接口次数已用完（每月 10 次）",
    89503: "此次调用需要管理员确认：请管理员在微信中确认；拒绝后一小时内不可再试",
}

# Those that a fetched token proves wrong.
OVER_WITH_A_TOKEN = (40001, 40013, 40125, 40164, 40243, 89503)


def action_of(errcode: int) -> Action:
    """What to do about an errcode; REFUSED for one that is in no table."""
    return ACTIONS.get(errcode, Action.REFUSED)
