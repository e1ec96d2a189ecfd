"""What keeps the generator from filling a database."""

from infra.errors import Conflict


class NotInProduction(Conflict):
    code = "not_in_production"
    message = "正式环境里不能生成演示数据"
    english = "Made-up customers don't belong in production"


class NotEmpty(Conflict):
    code = "not_empty"
    message = "数据库里已有客户，只能在没有客户的数据库里生成"
    english = "There are customers already"
