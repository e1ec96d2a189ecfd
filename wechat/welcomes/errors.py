"""What can go wrong with welcomes."""

from infra.errors import Conflict, InvalidInput, NotFound


class UnknownPlaceholder(InvalidInput):
    code = "unknown_placeholder"
    message = "欢迎语里有不认识的占位符"
    english = "The text has an unknown placeholder"


class WelcomeChanged(Conflict):
    code = "welcome_changed"
    message = "欢迎语已被他人修改，请刷新后再试"
    english = "The welcome was changed by somebody else"


class TargetNotFound(NotFound):
    code = "welcome_target_not_found"
    message = "没有这位导购、这家门店或这个渠道"
    english = "There is no such guide, store or channel"
