"""What can go wrong with conversations."""

from infra.errors import Conflict, InvalidInput, NotFound


class BannedWordInText(InvalidInput):
    """`word` is the one that stands in it, as it is in the list."""

    code = "banned_word_in_text"
    message = "内容含有违禁词，请修改后再发送"
    english = "The text holds a banned word"


class BannedWordEmpty(InvalidInput):
    code = "banned_word_empty"
    message = "违禁词须含有文字或数字"
    english = "A banned word needs a letter or a digit"


class BannedWordExists(Conflict):
    code = "banned_word_exists"
    message = "该违禁词已存在"
    english = "The word is banned already"


class BannedWordsUsedUp(Conflict):
    """`most` is how many there may be."""

    code = "banned_words_used_up"
    message = "违禁词已达上限"
    english = "There are as many banned words as there may be"


class BannedWordNotFound(NotFound):
    code = "banned_word_not_found"
    message = "没有这个违禁词"
    english = "There is no such banned word"
