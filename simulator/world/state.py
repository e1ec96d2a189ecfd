"""The working set in memory, with the look-ups the platform needs; `save` writes through to the store."""

from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Annotated, TypeVar, cast

from fastapi import Depends, Request

from simulator.world.clock import Clock
from simulator.world.errors import account_unknown, fan_unknown, push_unknown
from simulator.world.records import Account, Bubble, Code, Counter, Follow, Person, Push, Record, Token
from simulator.world.store import Store

R = TypeVar("R", bound=Record)
Watcher = Callable[[Record | None], None]


class State:
    """All records of the process; plain dictionaries, because one event loop reads and writes."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.clock = clock
        self._store = store
        self._watchers: list[Watcher] = []
        self._empty()
        for kind, document in store.all():
            self._index(Record.kinds[kind].model_validate_json(document))

    def _empty(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.people: dict[str, Person] = {}
        self.codes: dict[str, Code] = {}
        self.codes_by_url: dict[str, Code] = {}
        self.codes_by_scene: dict[tuple[str, str], list[Code]] = defaultdict(list)
        self.permanent_codes: dict[str, dict[tuple[bool, str], Code]] = defaultdict(dict)
        self.follows: dict[str, dict[str, Follow]] = defaultdict(dict)
        self.follows_by_openid: dict[tuple[str, str], Follow] = {}
        self.tokens: dict[str, Token] = {}
        self.latest_token: dict[tuple[str, str], Token] = {}
        self.pushes: dict[str, Push] = {}
        self.latest_push: dict[tuple[str, str, str, str], Push] = {}
        self.bubble_count = 0
        self.bubbles: dict[tuple[str, str], list[Bubble]] = defaultdict(list)
        self.counters: dict[str, Counter] = {}
        self._others: dict[type[Record], dict[str, Record]] = defaultdict(dict)

    def save(self, record: Record) -> None:
        """Keep a new or changed record, in memory and in the store."""
        self._index(record)
        self._store.put(record.kind_name(), record.key(), record.model_dump_json())
        self._tell(record)

    def watch(self, watcher: Watcher) -> None:
        """Call the watcher with every record saved or dropped from now on, and with None after a reset."""
        self._watchers.append(watcher)

    def unwatch(self, watcher: Watcher) -> None:
        """Call it no more."""
        self._watchers.remove(watcher)

    def every(self, kind: type[R]) -> dict[str, R]:
        """Return the records of a kind without look-ups of its own by key, in the order of first writing."""
        return cast("dict[str, R]", self._others[kind])

    def drop(self, record: Record) -> None:
        """Take away a record of a kind without look-ups of its own."""
        del self._others[type(record)][record.key()]
        self._store.delete(record.kind_name(), record.key())
        self._tell(record)

    def atomic(self) -> AbstractContextManager[None]:
        """Group saves, so that a killed process leaves all of them or none."""
        return self._store.atomic()

    def reset(self) -> None:
        """Forget everything but the clock."""
        self._store.clear()
        self._empty()
        self._tell(None)

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()

    def account(self, app_id: str) -> Account:
        """Return the account; 404 account_unknown."""
        if app_id not in self.accounts:
            raise account_unknown()
        return self.accounts[app_id]

    def person(self, fan_id: str) -> Person:
        """Return the person; 404 fan_unknown."""
        if fan_id not in self.people:
            raise fan_unknown()
        return self.people[fan_id]

    def push(self, push_id: str) -> Push:
        """Return the push; 404 push_unknown."""
        if push_id not in self.pushes:
            raise push_unknown()
        return self.pushes[push_id]

    def _tell(self, record: Record | None) -> None:
        for watcher in tuple(self._watchers):
            watcher(record)

    def _index(self, record: Record) -> None:
        match record:
            case Account():
                self.accounts[record.app_id] = record
            case Person():
                self.people[record.fan_id] = record
            case Code():
                self._index_code(record)
            case Follow():
                self.follows[record.app_id][record.fan_id] = record
                self.follows_by_openid[record.app_id, record.openid] = record
            case Token():
                self._index_token(record)
            case Push():
                self.pushes[record.push_id] = record
                self._index_push(record)
            case Bubble():
                self.bubble_count = record.number
                self.bubbles[record.app_id, record.fan_id].append(record)
            case Counter():
                self.counters[record.key()] = record
            case _:
                self._others[type(record)][record.key()] = record

    def _index_code(self, code: Code) -> None:
        self.codes[code.ticket] = code
        self.codes_by_url[code.url] = code
        self.codes_by_scene[code.app_id, code.scene].append(code)
        if code.expires_at is None:
            self.permanent_codes[code.app_id][code.numeric, code.scene] = code

    def _index_token(self, token: Token) -> None:
        # A token is retired before its successor is made, so the last one indexed is the latest.
        self.tokens[token.value] = token
        self.latest_token[token.app_id, token.line] = token

    def _index_push(self, push: Push) -> None:
        key = (push.app_id, push.fan_id, push.kind, str(push.fields.get("EventKey", "")))
        latest = self.latest_push.get(key)
        if latest is None or push.number >= latest.number:
            self.latest_push[key] = push


async def _state(request: Request) -> State:
    state: State = request.app.state.state
    return state


StateDep = Annotated[State, Depends(_state)]
