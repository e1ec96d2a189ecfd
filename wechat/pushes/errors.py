"""Why a push is refused; nothing is written then."""

from infra.errors import DomainError


class PushRefused(DomainError):
    code = "push_refused"
    status = 400
    message = "推送无效"
    english = "The push is not valid"


class SignatureWrong(PushRefused):
    code = "push_signature_wrong"
    status = 403
    english = "The signature does not fit"


class SignatureStale(PushRefused):
    code = "push_signature_stale"
    status = 403
    english = "The signed timestamp is too far from now"


class PushUndecryptable(PushRefused):
    code = "push_undecryptable"
    english = "The ciphertext can't be decrypted with the account's keys"


class PushMalformed(PushRefused):
    code = "push_malformed"
    english = "The push is not the XML or JSON the platform sends"


class PushForAnother(PushRefused):
    code = "push_for_another_account"
    english = "The push is addressed to another account"


class PushUnencrypted(PushRefused):
    code = "push_unencrypted"
    english = "The account expects encrypted pushes"


class PushTooLarge(PushRefused):
    """The same code as the HTTP door's own limit gives: a caller need not know which one it met."""

    code = "too_large"
    status = 413
    message = "内容过大"
    english = "The body is too large"
