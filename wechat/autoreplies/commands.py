"""What fans may write to the product: contexts plug their commands in, and here they are asked.

A file of its own: the composition root registers them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from infra.context import ChatCommand
from wechat.autoreplies.acts import Act
from wechat.autoreplies.rules import Why, plain


@dataclass(frozen=True, slots=True)
class Command:
    """A command as it is asked: by its words alone, or by a menu item with one of them as its key."""

    command: ChatCommand
    words: frozenset[str]

    def refusal(self, act: Act) -> Why | None:
        said = act.written.plain if act.written else plain(act.key or "")
        return None if said in self.words else Why.NO_MATCH


_commands = dict[str, Command]()


def register(commands: Iterable[ChatCommand]) -> None:
    """What there is, in the order of the contexts. Raises ValueError when two share a word."""
    for command in commands:
        added = Command(command, frozenset(plain(word) for word in command.words))
        for word in added.words:
            if _commands.setdefault(word, added).command is not command:
                raise ValueError(f"two chat commands answer {word!r}")


def registered() -> list[Command]:
    """All commands, in the order of the contexts."""
    return list(dict.fromkeys(_commands.values()))


def taken(words: Iterable[str]) -> list[str]:
    """Those of the words that a command answers."""
    return [word for word in words if plain(word) in _commands]
