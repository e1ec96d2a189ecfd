"""What can go wrong with an import as a whole."""

from infra.errors import InvalidInput


class InitialPasswordNeeded(InvalidInput):
    code = "initial_password_needed"
    message = "请填写初始密码"
    english = "An initial password is needed"
