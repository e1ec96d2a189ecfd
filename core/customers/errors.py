"""What can go wrong with customers."""

from infra.errors import Conflict, NotFound


class CustomerNotFound(NotFound):
    code = "customer_not_found"
    message = "没有这位客户"
    english = "There is no such customer"


class CustomerInPool(Conflict):
    code = "customer_in_pool"
    message = "公海中的客户不能修改，请先领取"
    english = "Nobody edits a customer in the public pool"


class CustomerInTrash(Conflict):
    code = "customer_in_trash"
    message = "该客户已被废弃，请先还原"
    english = "The customer lies in the trash"


class MergeChanged(Conflict):
    """Something that a merge moved is not as the merge left it; details: `what`."""

    code = "merge_changed"
    message = "合并之后资料又有变化，不能撤销"
    english = "What this merge moved has changed since, so it can't be undone"
