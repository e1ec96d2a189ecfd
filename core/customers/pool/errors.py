"""What can go wrong between owners, the pool and the trash. Details name the customers that are in the way."""

from infra.errors import Conflict, InvalidInput


class ClaimTooLarge(InvalidInput):
    """`most` is how many customers one claim may take, `asked` how many it named."""

    code = "claim_too_large"
    message = "单次领取的客户过多"
    english = "These are too many customers for one claim"


class ClaimLimitReached(Conflict):
    """`most` is how many claims a colleague has on a business day."""

    code = "claim_limit_reached"
    message = "今日领取次数已用完"
    english = "All claims of this day are used"


class NotInPool(Conflict):
    code = "not_in_pool"
    message = "部分客户已不在公海"
    english = "Some of these customers are not in the public pool (any more)"


class NotInTrash(Conflict):
    code = "not_in_trash"
    message = "部分客户不在回收站"
    english = "Some of these customers are not in the trash"


class NotYourCustomers(Conflict):
    code = "not_your_customers"
    message = "部分客户不归您所有"
    english = "You don't own some of these customers"
