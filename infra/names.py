"""Names as they are compared and searched: forms of the same letters are one, spaces and case don't count."""

import unicodedata


def key(name: str) -> str:
    """The name as compared: compatibility forms folded (NFKC), no case, no white space, nothing invisible."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(one for one in folded if not one.isspace() and unicodedata.category(one) != "Cf")


def pieces(name_key: str) -> set[str]:
    """What a fragment of a name can be found by: its characters, and each two that stand together."""
    return set(name_key) | {name_key[start : start + 2] for start in range(len(name_key) - 1)}
