"""The menu of an official account: the platform's endpoints, and the control side's view of it."""

from fastapi import APIRouter, Response
from pydantic import BaseModel

from simulator.platform import menus, menus_personal
from simulator.platform.doors import Body, OfficialCaller, answer, done
from simulator.world.schemas import Input
from simulator.world.state import StateDep

router = APIRouter(prefix="/cgi-bin", tags=["platform"])
control = APIRouter(prefix="/sim/accounts", tags=["control"])


class MenuIn(Input):
    """No button at all takes the menu away."""

    button: list[menus.Button]


class MenuOut(BaseModel):
    """The buttons a phone shows, in the platform's own words, and whether they were made by hand."""

    button: list[menus.Button]
    by_hand: bool


@router.post("/menu/create")
async def create_menu(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Make or replace the menu."""
    menus.create(state, account, body.get("button"))
    return done()


@router.get("/menu/get")
async def get_menu(state: StateDep, account: OfficialCaller) -> Response:
    """Return the menu that was made here."""
    return answer(menus.get(state, account))


@router.get("/menu/delete")
async def delete_menu(state: StateDep, account: OfficialCaller) -> Response:
    """Take the menu away."""
    menus.delete(state, account)
    return done()


@router.post("/menu/addconditional")
async def add_personal_menu(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Make a menu for some fans."""
    return answer(menus_personal.add(state, account, body))


@router.post("/menu/delconditional")
async def delete_personal_menu(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Take one of them away."""
    menus_personal.delete(state, account, body)
    return done()


@router.post("/menu/trymatch")
async def try_match(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Tell which menu a follower sees."""
    return answer(menus_personal.try_match(state, account, body))


@router.get("/get_current_selfmenu_info")
async def get_current_menu(state: StateDep, account: OfficialCaller) -> Response:
    """Return the menu, whoever made it."""
    return answer(menus.current(state, account))


@control.get("/{app_id}/menu")
async def show_menu(state: StateDep, app_id: str, fan_id: str | None = None) -> MenuOut:
    """Show the menu that all phones have, or what one person's has."""
    menu = menus.find(state, state.account(app_id).app_id)
    buttons = menu.button if menu else []
    if fan_id is not None:
        buttons = menus_personal.shown(state, app_id, state.person(fan_id).fan_id)
    return MenuOut(button=buttons, by_hand=menu.by_hand if menu else False)


@control.put("/{app_id}/menu")
async def put_menu(state: StateDep, app_id: str, body: MenuIn) -> MenuOut:
    """Set a menu as somebody does by hand on the platform's own page; errcodes as the endpoint has them."""
    account = state.account(app_id)
    if body.button:
        menus.create(state, account, body.button, by_hand=True)
    else:
        menus.delete(state, account)
    return await show_menu(state, app_id)
