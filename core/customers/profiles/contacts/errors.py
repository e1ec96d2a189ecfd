"""What can go wrong with contact persons."""

from infra.errors import Conflict, InvalidInput, NotFound


class ContactPersonNotFound(NotFound):
    code = "contact_person_not_found"
    message = "没有这位联系人"
    english = "There is no such contact person"


class ContactPersonChanged(Conflict):
    """`details.version` is the present one."""

    code = "contact_person_changed"
    message = "联系人已被他人修改，请刷新后再试"
    english = "The contact person was changed by somebody else"


class SuperiorRefused(InvalidInput):
    code = "superior_refused"
    message = "上级须是同一客户的另一位联系人，且不能互为上级"
    english = "A superior is another contact person of the same customer, and not below this one"


class TooManyContacts(Conflict):
    code = "too_many_contacts"
    message = "该客户的联系人已达上限"
    english = "The customer has as many contact persons as are allowed"
