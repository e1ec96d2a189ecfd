"""What can go wrong with welcomes."""

from infra.errors import Conflict, InvalidInput, NotFound


class UnknownPlaceholder(InvalidInput):
    code = "unknown_placeholder"
    message = "文字里有不认识的占位符"
    english = "The text has an unknown placeholder"


class PlaceholderHasNoValue(InvalidInput):
    """`placeholders` are those that never stand for anything in words of this reach."""

    code = "placeholder_has_no_value"
    message = "这些占位符在这里没有内容：渠道的欢迎语只能用 {渠道} 和 {公众号}，所有人的欢迎语只能用 {公众号}"
    english = "These have no value here: a channel's words may use {渠道} and {公众号}, everybody's only {公众号}"


class WelcomeChanged(Conflict):
    code = "welcome_changed"
    message = "欢迎语已被他人修改，请刷新后再试"
    english = "The welcome was changed by somebody else"


class TargetNotFound(NotFound):
    code = "welcome_target_not_found"
    message = "没有这位导购、这家门店或这个渠道"
    english = "There is no such guide, store or channel"
