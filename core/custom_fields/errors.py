"""What can go wrong with custom fields and their values. A value's error names the field, never the value."""

from infra.errors import Conflict, InvalidInput, NotFound


class FieldNotFound(NotFound):
    code = "field_not_found"
    message = "没有这个自定义字段"
    english = "There is no such custom field"


class FieldNameTaken(Conflict):
    code = "field_name_taken"
    message = "已有同名字段"
    english = "A field of this name exists"


class FieldChanged(Conflict):
    code = "field_changed"
    message = "字段已被他人修改，请刷新后再试"
    english = "The field was changed by somebody else"


class FieldsUsedUp(Conflict):
    code = "fields_used_up"
    message = "自定义字段已达上限"
    english = "There are as many custom fields as are allowed"


class FieldInUse(Conflict):
    code = "field_in_use"
    message = "已有数据，不能这样修改"
    english = "Records hold values that this change would lose"


class FieldValuesClash(Conflict):
    code = "field_values_clash"
    message = "已有重复的值，不能设为唯一"
    english = "Records hold the same value, so the field can't become unique"


class FieldOrderIncomplete(Conflict):
    code = "field_order_incomplete"
    message = "须列出全部字段，每个一次"
    english = "An order names every field once"


class FieldSettingRefused(InvalidInput):
    code = "field_setting_refused"
    message = "字段设置不合要求"
    english = "The setting doesn't fit this kind of field"


class UnknownField(InvalidInput):
    code = "unknown_field"
    message = "没有这个自定义字段"
    english = "There is no custom field of this id"


class FieldNotSearchable(InvalidInput):
    code = "field_not_searchable"
    message = "该自定义字段未设为可搜索"
    english = "The field isn't set to be searchable"


class FieldConditionRefused(InvalidInput):
    """`details.takes` are the conditions that this kind of field has, or the ids of its options."""

    code = "field_condition_refused"
    message = "该类自定义字段不能这样筛选"
    english = "This kind of field can't be asked so"


class FieldValueRefused(InvalidInput):
    code = "field_value_refused"
    message = "自定义字段的值不合要求"
    english = "The value doesn't fit the field"


class FieldTooLong(InvalidInput):
    code = "field_too_long"
    message = "自定义字段的值太长"
    english = "The value is longer than the field allows"


class FieldRequired(InvalidInput):
    code = "field_required"
    message = "必填的自定义字段没有填写"
    english = "A required custom field is missing"


class FieldValueTaken(Conflict):
    code = "field_value_taken"
    message = "该自定义字段的值已被其他记录使用"
    english = "Another record holds this value of a unique field"
