"""Pushes that a fault holds back, to be let go all at once or the last one first."""

from collections import defaultdict
from dataclasses import dataclass

from simulator.pushing import push_faults
from simulator.pushing.push_faults import HOLDING, PushFault
from simulator.world.records import Push
from simulator.world.state import State

Place = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Group:
    """Pushes that go now, in their order; `at_once` lets none of them wait for another."""

    pushes: list[Push]
    at_once: bool = False


class Held:
    """What is held back, by fault, account and, where the order is at stake, person."""

    def __init__(self) -> None:
        self._waiting: dict[Place, list[Push]] = defaultdict(list)

    def __contains__(self, push: Push) -> bool:
        return any(each is push for waiting in self._waiting.values() for each in waiting)

    def pass_on(self, state: State, push: Push) -> list[Group]:
        """Return what may go now: the push itself, nothing, or all that waited for it."""
        fault = next(filter(None, (push_faults.find(state, push.app_id, kind) for kind in HOLDING)), None)
        if fault is None:
            return [Group([push])]
        place = (fault.kind, push.app_id, push.fan_id if fault.kind == "reorder" else "")
        self._waiting[place].append(push)
        if fault.gathers is None or len(self._waiting[place]) < fault.gathers:
            return []
        return self._let_go(state, fault, place)

    def release(self, state: State, app_id: str) -> list[Group]:
        """Return what no fault of the account holds back any longer."""
        free = [
            place for place in self._waiting if place[1] == app_id and push_faults.find(state, app_id, place[0]) is None
        ]
        return [self._take(place) for place in free]

    def _let_go(self, state: State, fault: PushFault, place: Place) -> list[Group]:
        group = self._take(place)
        if fault.times is None:
            return [group]
        state.drop(fault)
        return [group, *self.release(state, fault.app_id)]

    def _take(self, place: Place) -> Group:
        pushes = self._waiting.pop(place)
        return Group(pushes[::-1]) if place[0] == "reorder" else Group(pushes, at_once=True)
