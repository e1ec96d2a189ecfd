"""What can go wrong with corrections of mobiles."""

from infra.errors import Conflict, Forbidden, NotFound


class MobileChangeNotFound(NotFound):
    code = "mobile_change_not_found"
    message = "没有这条手机号更正申请"
    english = "There is no such request"


class MobileChangeOpen(Conflict):
    code = "mobile_change_open"
    message = "该客户已有待审批的手机号更正申请"
    english = "A request for this customer is waiting already"


class MobileChangeDecided(Conflict):
    code = "mobile_change_decided"
    message = "这条申请已经处理"
    english = "The request was decided already"


class MobileChangeOwn(Forbidden):
    code = "mobile_change_own"
    message = "不能审批自己提交的申请"
    english = "Nobody decides the own request"


class MobileVerified(Conflict):
    code = "mobile_verified"
    message = "该号码已由客户本人验证，不能人工更改"
    english = "The customer has proven this number: nobody changes it by hand"


class MobileSame(Conflict):
    code = "mobile_same"
    message = "新号码与现有号码相同"
    english = "The customer has this number already"
