"""What can go wrong with staff."""

from infra.errors import Conflict, NotFound, Unauthenticated


class WrongPassword(Unauthenticated):
    code = "wrong_password"
    message = "账号或密码不正确"
    english = "Wrong user name or password"


class UsernameTaken(Conflict):
    code = "username_taken"
    message = "登录名已被使用"
    english = "The user name is taken"


class StaffNotFound(NotFound):
    code = "staff_not_found"
    message = "没有这位员工"
    english = "There is no such colleague"


class AlreadyBound(Conflict):
    code = "wechat_already_bound"
    message = "该微信已绑定其他员工"
    english = "This WeChat identity is bound to another colleague"
