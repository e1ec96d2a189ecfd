"""What can go wrong with records."""

from infra.errors import Conflict, InvalidInput


class RecordChanged(Conflict):
    """`details.version` is the present one."""

    code = "customer_changed"
    message = "客户资料已被他人修改，请刷新后再试"
    english = "The record was changed by somebody else"


class DuplicateCustomer(Conflict):
    """`details.customer_ids` are those in the caller's reach, `details.others` counts the rest."""

    code = "duplicate_customer"
    message = "已有相同手机号和姓名的客户"
    english = "There is a customer with the same mobile and name"


class PossibleDuplicate(Conflict):
    """As above; `confirm` creates the record all the same."""

    code = "possible_duplicate"
    message = "已有客户使用这个手机号，姓名不同；确认不是同一人后再保存"
    english = "The mobile belongs to a customer of another name: confirm that it is somebody else"


class SaidByThemselves(Conflict):
    """`details.fields` names what people have said of themselves."""

    code = "said_by_customer"
    message = "这些内容由客户本人填写，不能代为修改"
    english = "The customer said this themselves"


class MobileByRequest(Conflict):
    code = "mobile_by_request"
    message = "手机号不能直接修改，请提交更正申请"
    english = "A mobile number changes by request only"


class ChoiceUnknown(InvalidInput):
    """`details.field` is the field, `details.choices` what there is to choose from."""

    code = "choice_unknown"
    message = "所选的值不在可选范围内"
    english = "This is not among the choices"


class ParentRefused(InvalidInput):
    code = "parent_refused"
    message = "上级单位不存在，或与本单位互为上级"
    english = "There is no such parent unit, or it lies below this one"


class OwnerRefused(InvalidInput):
    code = "owner_refused"
    message = "负责人已停用或离职"
    english = "The owner is not at work"


class StageBackwards(Conflict):
    code = "stage_backwards"
    message = "阶段将后退，请确认"
    english = "The stage would go backwards: confirm it"


class LookupEmpty(InvalidInput):
    code = "lookup_empty"
    message = "请按姓名或手机号中的一项查询"
    english = "Look for a name or for a mobile, one of them"
