"""The platform's endpoints about users: what is known of them, their remarks and tags, the blacklist."""

from fastapi import APIRouter, Response

from simulator.platform import tags, users
from simulator.platform.doors import Body, OfficialCaller, answer, done
from simulator.world.state import StateDep

router = APIRouter(prefix="/cgi-bin", tags=["platform"])


@router.get("/user/info")
async def user_info(state: StateDep, account: OfficialCaller, openid: str = "", lang: str = "") -> Response:
    """Tell what is known of one user."""
    return answer(users.info(state, account, openid, lang))


@router.post("/user/info/batchget")
async def user_info_batch(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Tell what is known of up to a hundred users."""
    return answer(users.batch(state, account, body))


@router.get("/user/get")
async def user_list(state: StateDep, account: OfficialCaller, next_openid: str = "") -> Response:
    """List followers, a page of ten thousand at a time."""
    return answer(users.page(state, account, next_openid))


@router.post("/user/info/updateremark")
async def update_remark(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Give a follower another name for the account's own use."""
    users.update_remark(state, account, body)
    return done()


@router.post("/tags/create")
async def create_tag(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Make a tag."""
    return answer(tags.create(state, account, body))


@router.get("/tags/get")
async def list_tags(state: StateDep, account: OfficialCaller) -> Response:
    """List the tags."""
    return answer(tags.every(state, account))


@router.post("/tags/update")
async def update_tag(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Rename a tag."""
    tags.rename(state, account, body)
    return done()


@router.post("/tags/delete")
async def delete_tag(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Delete a tag."""
    tags.delete(state, account, body)
    return done()


@router.post("/user/tag/get")
async def list_bearers(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """List who carries a tag."""
    return answer(tags.bearers_page(state, account, body))


@router.post("/tags/getidlist")
async def list_tags_of_user(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """List the tags of one user."""
    return answer({"tagid_list": users.known(state, account, body.get("openid")).tags})


@router.post("/tags/members/batchtagging")
async def put_tag_on(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Put a tag on up to fifty users."""
    tags.put_on(state, account, body)
    return done()


@router.post("/tags/members/batchuntagging")
async def take_tag_off(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Take a tag off up to fifty users."""
    tags.take_off(state, account, body)
    return done()


@router.post("/tags/members/getblacklist")
async def list_blacklist(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """List who is on the blacklist."""
    return answer(tags.blacklist_page(state, account, body))


@router.post("/tags/members/batchblacklist")
async def put_on_blacklist(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Put up to twenty users on the blacklist."""
    tags.blacklist(state, account, body, banned=True)
    return done()


@router.post("/tags/members/batchunblacklist")
async def take_off_blacklist(state: StateDep, account: OfficialCaller, body: Body) -> Response:
    """Take up to twenty users off the blacklist."""
    tags.blacklist(state, account, body, banned=False)
    return done()
