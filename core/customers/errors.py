"""What can go wrong with customers."""

from infra.errors import NotFound


class CustomerNotFound(NotFound):
    code = "customer_not_found"
    message = "没有这位客户"
    english = "There is no such customer"
