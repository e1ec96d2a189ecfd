"""What can go wrong with stores."""

from infra.errors import Conflict, NotFound


class StoreNotFound(NotFound):
    code = "store_not_found"
    message = "没有这家门店"
    english = "There is no such store"


class StoreNameTaken(Conflict):
    code = "store_name_taken"
    message = "已有同名门店"
    english = "A store of this name exists"
