"""What can go wrong with tags."""

from infra.errors import Conflict, InvalidInput, NotFound


class TagNotFound(NotFound):
    code = "tag_not_found"
    message = "没有这个标签"
    english = "There is no such tag"


class TagNameTaken(Conflict):
    code = "tag_name_taken"
    message = "已有同名标签"
    english = "A tag of this kind and name exists"


class TagChanged(Conflict):
    code = "tag_changed"
    message = "标签已被他人修改，请刷新后再试"
    english = "The tag was changed by somebody else"


class TagsUsedUp(Conflict):
    code = "tags_used_up"
    message = "标签已达上限"
    english = "There are as many tags as are allowed"


class TagHasRule(Conflict):
    code = "tag_has_rule"
    message = "该标签由规则自动维护，不能手工增减"
    english = "A rule gives and takes this tag, nobody does by hand"


class TagByHand(Conflict):
    code = "tag_by_hand"
    message = "手工标签不能改为规则标签，规则标签也不能去掉规则"
    english = "Whether a tag has a rule is settled when it is made"


class RuleNeedsRule(InvalidInput):
    code = "rule_needs_rule"
    message = "规则中不能使用由规则维护的标签"
    english = "A rule can't ask for tags that rules give"
