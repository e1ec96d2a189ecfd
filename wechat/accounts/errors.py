"""What can go wrong with accounts."""

from infra.errors import Conflict, NotFound


class AccountNotFound(NotFound):
    code = "account_not_found"
    message = "没有这个公众号或小程序"
    english = "There is no such account"


class AccountExists(Conflict):
    code = "account_exists"
    message = "该公众号或小程序已添加"
    english = "The account has been added already"
