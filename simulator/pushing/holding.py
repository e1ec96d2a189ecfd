"""Pushes that a fault holds back, to be let go all at once or the last one first."""

from collections import defaultdict

from simulator.pushing import push_faults
from simulator.pushing.push_faults import HOLDING, PushFault
from simulator.world.records import Push
from simulator.world.state import State

Group = tuple[str, str, str]


class Held:
    """What is held back, by fault, account and, where the order is at stake, person."""

    def __init__(self) -> None:
        self._groups: dict[Group, list[Push]] = defaultdict(list)

    def __contains__(self, push: Push) -> bool:
        return any(each is push for group in self._groups.values() for each in group)

    def pass_on(self, state: State, push: Push) -> list[Push]:
        """Return what may go now, in the order it should: the push itself, nothing, or all that waited for it."""
        fault = next(filter(None, (push_faults.find(state, push.app_id, kind) for kind in HOLDING)), None)
        if fault is None:
            return [push]
        group = (fault.kind, push.app_id, push.fan_id if fault.kind == "reorder" else "")
        self._groups[group].append(push)
        if fault.gathers is None or len(self._groups[group]) < fault.gathers:
            return []
        return self._let_go(state, fault, group)

    def release(self, state: State, app_id: str) -> list[Push]:
        """Return, in the order it should go, what no fault of the account holds back any longer."""
        free = [
            group for group in self._groups if group[1] == app_id and push_faults.find(state, app_id, group[0]) is None
        ]
        return [push for group in free for push in self._take(group)]

    def _let_go(self, state: State, fault: PushFault, group: Group) -> list[Push]:
        pushes = self._take(group)
        if fault.times is None:
            return pushes
        state.drop(fault)
        return pushes + self.release(state, fault.app_id)

    def _take(self, group: Group) -> list[Push]:
        pushes = self._groups.pop(group)
        return pushes[::-1] if group[0] == "reorder" else pushes
