"""What can go wrong with tasks, and with words about them."""

from infra.errors import Conflict, InvalidInput, NotFound


class TaskNotFound(NotFound):
    code = "task_not_found"
    message = "没有这个任务"
    english = "There is no such task"


class TaskChangedMeanwhile(Conflict):
    code = "task_changed"
    message = "任务已被修改，请刷新后再试"
    english = "The task was changed meanwhile"


class TaskWasRecalled(Conflict):
    code = "task_recalled"
    message = "任务已撤回"
    english = "The task was recalled"


class TimesRefused(InvalidInput):
    code = "task_times_refused"
    message = "截止时间须在将来，且提醒与升级须有截止时间"
    english = "A deadline lies ahead, and reminding or escalating needs one"


class ProofNeeded(InvalidInput):
    code = "proof_needed"
    message = "完成时须附上照片或文件"
    english = "Done needs a file as proof"


class WordKeyReused(Conflict):
    code = "word_key_reused"
    message = "同一编号用在了不同的内容上"
    english = "This key was used with another content"


class VersionUnknown(InvalidInput):
    code = "task_version_unknown"
    message = "任务没有这个版本"
    english = "The task has no such version"
