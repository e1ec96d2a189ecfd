"""What people read on a poster, since a scene says nothing to them."""

from collections.abc import Iterable, Mapping

from simulator.world.errors import ControlError
from simulator.world.records import Code, Record
from simulator.world.state import State


class Caption(Record):
    """Kept by scene, so that it stays when a temporary code is renewed."""

    app_id: str
    scene: str
    text: str

    def key(self) -> str:
        return f"{self.app_id}|{self.scene}"


def put(state: State, app_id: str, captions: Mapping[str, str]) -> None:
    """Write on the posters of these tickets; 404 code_unknown, and none is written then."""
    codes = {ticket: state.codes.get(ticket) for ticket in captions}
    records = [
        Caption(app_id=app_id, scene=code.scene, text=captions[ticket])
        for ticket, code in codes.items()
        if code is not None and code.app_id == app_id
    ]
    if len(records) < len(captions):
        raise ControlError(404, "code_unknown", "the account has no QR code with this ticket")
    with state.atomic():
        for record in records:
            state.save(record)


def of(state: State, code: Code) -> str | None:
    """Return what stands on a code's poster."""
    caption = state.every(Caption).get(f"{code.app_id}|{code.scene}")
    return None if caption is None else caption.text


def in_order(state: State, codes: Iterable[Code]) -> list[Code]:
    """Return those with a caption first, in the order of the captions' first writing, then the others as they come."""
    places = {key: place for place, key in enumerate(state.every(Caption))}
    return sorted(codes, key=lambda code: places.get(f"{code.app_id}|{code.scene}", len(places)))
