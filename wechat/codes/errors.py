"""What can go wrong with codes."""

from infra.errors import Conflict, InvalidInput, NotFound


class CodeNotFound(NotFound):
    code = "code_not_found"
    message = "没有这个二维码"
    english = "There is no such code"


class CodeNotIssued(NotFound):
    code = "code_not_issued"
    message = "二维码正在生成，请稍后再试"
    english = "The code is being made, please wait a moment"


class CodeTargetNotFound(NotFound):
    code = "code_target_not_found"
    message = "没有这位导购、这家门店或这个渠道，或者已离职、已关店"
    english = "There is no such guide at work, open store or channel"


class ReceiverNoGuide(Conflict):
    code = "receiver_not_a_guide"
    message = "导购的二维码只能移交给在职导购"
    english = "A guide's codes go to a guide at work only"


class NoCodeTargets(Conflict):
    code = "code_targets_missing"
    message = "没有可以生成二维码的对象"
    english = "There is nothing of this kind to make codes for"


class CodeBatchNotFound(NotFound):
    code = "code_batch_not_found"
    message = "没有这一批二维码"
    english = "There is no such batch of codes"


class PermanentCodesUsedUp(Conflict):
    """`used` of `budget` are taken, and `asked` more do not fit."""

    code = "permanent_codes_used_up"
    message = "该公众号的永久二维码名额不够，请改用临时二维码，或将已有的二维码改指新的对象"
    english = "The account's permanent codes are used up: take temporary ones, or point existing codes at new targets"


class CodeSeasonWrong(InvalidInput):
    code = "code_season_wrong"
    message = "二维码的开始时间必须早于结束时间"
    english = "The season of a code has to start before it ends"


class CodeSeasonOver(CodeSeasonWrong):
    message = "结束时间已经过去"
    english = "The season is over already"


class NotForThisAccount(InvalidInput):
    """`field` says what does not go with the account's kind."""

    code = "code_not_for_this_account"
    message = "小程序码长期有效且不能是临时的；只有小程序码可以指定页面"
    english = "Codes of mini-programs never expire, and only they open a page"


class NoPosters(NotFound):
    """`left_out` codes fit, but are not issued yet."""

    code = "no_posters"
    message = "没有符合条件的海报"
    english = "There are no such posters"


class TooManyPosters(InvalidInput):
    """`count` are asked for, `most` is the limit."""

    code = "too_many_posters"
    message = "海报太多：请按类型、对象、批次、名称等条件缩小范围，或下载 ZIP"
    english = "Too many posters: narrow by kind, target_id, batch_id, life or text, or take the ZIP"
