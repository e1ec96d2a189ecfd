"""What can go wrong with labels."""

from infra.errors import Conflict, InvalidInput, NotFound


class LabelNotFound(NotFound):
    code = "label_not_found"
    message = "没有这个标签或分组"
    english = "There is no such label"


class LabelExists(Conflict):
    code = "label_exists"
    message = "该公众号已有同名的标签或分组"
    english = "The account has a label of this name"


class LabelsUsedUp(Conflict):
    code = "labels_used_up"
    message = "该公众号的标签和分组数量已达上限"
    english = "The account has as many labels as the platform allows"


class FanLabelsUsedUp(Conflict):
    code = "fan_labels_used_up"
    message = "粉丝的标签数量已达上限"
    english = "A fan would carry more labels than the platform allows"


class LabelNameTooLong(InvalidInput):
    code = "label_name_too_long"
    message = "名称太长（一个汉字占 3 个字节）"
    english = "The name is too long (in bytes of UTF-8)"


class LabelNameReserved(InvalidInput):
    code = "label_name_reserved"
    message = "该名称由微信保留"
    english = "WeChat keeps this name for itself"


class FanNotInAccount(Conflict):
    code = "fan_not_in_account"
    message = "该粉丝不在标签所属的公众号中"
    english = "The fan is unknown to the label's account"


class TwoGroups(InvalidInput):
    code = "two_groups"
    message = "一位粉丝在一个公众号中只能属于一个分组"
    english = "A fan is in one group of an account at most"
