"""How many subscription notices people still take: one balance for each person and template."""

from simulator.world.records import Record
from simulator.world.state import State


class Balance(Record):
    """How many notices of a template a person still takes from an account."""

    app_id: str
    fan_id: str
    template_id: str
    left: int = 0

    def key(self) -> str:
        return f"{self.app_id}|{self.fan_id}|{self.template_id}"


def of_person(state: State, app_id: str, fan_id: str) -> dict[str, int]:
    """Return a person's balances by template."""
    mine = (
        balance for balance in state.every(Balance).values() if (balance.app_id, balance.fan_id) == (app_id, fan_id)
    )
    return {balance.template_id: balance.left for balance in mine}


def find(state: State, app_id: str, fan_id: str, template_id: str) -> Balance:
    """Return a balance, or an empty one that is not saved yet."""
    blank = Balance(app_id=app_id, fan_id=fan_id, template_id=template_id)
    return state.every(Balance).get(blank.key(), blank)
