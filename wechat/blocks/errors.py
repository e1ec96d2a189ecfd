"""What can go wrong with the blacklist."""

from infra.errors import Conflict


class NoOfficialAccount(Conflict):
    code = "fan_has_no_official_account"
    message = "该粉丝不在任何公众号中，无法拉黑"
    english = "The fan is in no official account, so there is no blacklist for it"
