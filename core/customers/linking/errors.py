"""What can go wrong with numbers, merges and suggestions."""

from infra.errors import Conflict, NotFound


class NumberHidden(Conflict):
    code = "number_hidden"
    message = "公海或回收站中的客户不显示号码"
    english = "Numbers of customers in the pool or in the trash are shown to nobody"


class MergeNotFound(NotFound):
    code = "merge_not_found"
    message = "没有这次合并"
    english = "There is no such merge"


class MergeWithItself(Conflict):
    code = "merge_with_itself"
    message = "这两个编号已经是同一位客户"
    english = "These two are one customer already"


class PreviewChanged(Conflict):
    code = "preview_changed"
    message = "预览之后客户资料有变化，请重新预览"
    english = "The customers changed after the preview"


class CandidateNotFound(NotFound):
    code = "candidate_not_found"
    message = "没有这条疑似重复"
    english = "There is no such suggestion"


class CandidateDecided(Conflict):
    code = "candidate_decided"
    message = "这条疑似重复已经处理"
    english = "This suggestion was decided already"


class DisputeNotFound(NotFound):
    code = "dispute_not_found"
    message = "没有这条号码争议"
    english = "There is no such dispute"


class DisputeSettled(Conflict):
    code = "dispute_settled"
    message = "这条号码争议已经处理"
    english = "This dispute was settled already"
