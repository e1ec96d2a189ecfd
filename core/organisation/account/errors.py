"""What can go wrong with an account."""

from core.organisation.errors import WrongPassword
from infra.errors import Conflict, Forbidden, InvalidInput, NotFound, Unauthenticated


class PresentPasswordWrong(WrongPassword):
    message = "当前密码不正确"
    english = "The present password is wrong"


class PasswordChangeNeeded(Forbidden):
    code = "password_change_needed"
    message = "请先修改密码"
    english = "Change your password first"


class SecondFactorSetupNeeded(Forbidden):
    code = "second_factor_setup_needed"
    message = "请先设置动态验证码"
    english = "Set up the second factor first"


class SecondFactorNeeded(Unauthenticated):
    code = "second_factor_needed"
    message = "请输入动态验证码"
    english = "The code of the second factor is needed"


class SecondFactorWrong(Unauthenticated):
    code = "second_factor_wrong"
    message = "动态验证码不正确或已使用"
    english = "The code is wrong or was used before"


class SecondFactorOff(Conflict):
    code = "second_factor_off"
    message = "管理员未开放动态验证码"
    english = "The second factor is not offered"


class SecondFactorExists(Conflict):
    code = "second_factor_exists"
    message = "已设置动态验证码，请先取消"
    english = "There is a second factor; take it away first"


class SecondFactorMissing(NotFound):
    code = "second_factor_missing"
    message = "未设置动态验证码，或没有待确认的"
    english = "There is no second factor, or none that waits for its confirmation"


class PasswordTooWeak(InvalidInput):
    """`problems`: too_short, too_few_kinds, holds_username; `least_length` and `least_kinds` say what is asked."""

    code = "password_too_weak"
    message = "密码不符合要求：太短、字符种类太少，或含有登录名"
    english = "The password is too short, of too few kinds of characters, or holds the user name"


class PasswordUsedBefore(InvalidInput):
    code = "password_used_before"
    message = "不能使用现在或最近用过的密码"
    english = "The password is in use, or was not long ago"


class OwnAccount(Conflict):
    code = "own_account"
    message = "请在个人设置中修改自己的账号"
    english = "Change your own account as yourself"


class StaffGone(Conflict):
    code = "staff_left"
    message = "该员工已离职"
    english = "The colleague has left"


class ProfileChanged(Conflict):
    """`version` is the present one."""

    code = "staff_changed"
    message = "资料已被他人修改，请刷新后再试"
    english = "It was changed by somebody else"
