"""What can go wrong with consents."""

from infra.errors import Conflict, NotFound


class ConsentTextNotFound(NotFound):
    code = "consent_text_not_found"
    message = "没有这个版本的同意书"
    english = "There is no such version of a consent text"


class ConsentTextMoved(Conflict):
    """Somebody else published the next version at the same time."""

    code = "consent_text_moved"
    message = "同意书刚刚发布了新版本，请刷新后再试"
    english = "Another version of this text was published just now"
