"""The control side: accounts, people and their phones, followers, numbers, the reset."""

from collections import Counter as Tally
from typing import Annotated

from fastapi import APIRouter, Query, Request

from simulator.control.schemas import (
    AccountOut,
    AccountsOut,
    BubbleOut,
    FansIn,
    FansOut,
    FollowersOut,
    MessagesOut,
    StatsOut,
    TraitsIn,
    VerifyOut,
    WelcomesOut,
)
from simulator.messaging import notices
from simulator.people import fans
from simulator.pushing.pushes import EngineDep
from simulator.world import contacts, quotas
from simulator.world import phone as phone_lines
from simulator.world.records import Account, Person
from simulator.world.state import StateDep

router = APIRouter(prefix="/sim", tags=["control"])
Cursor = Annotated[int, Query(ge=0, le=2**53, description="next_cursor of the page before")]
Limit = Annotated[int, Query(ge=1, le=10_000)]


@router.post("/accounts")
async def put_account(state: StateDep, account: Account) -> AccountOut:
    """Create or replace an account by its app_id; tokens, codes and followers stay."""
    state.save(account)
    return AccountOut.of(account)


@router.get("/accounts")
async def list_accounts(state: StateDep) -> AccountsOut:
    """List accounts without their secrets."""
    return AccountsOut(accounts=[AccountOut.of(account) for account in state.accounts.values()])


@router.post("/accounts/{app_id}/verify")
async def verify_account(state: StateDep, engine: EngineDep, app_id: str) -> VerifyOut:
    """Verify the push URL with an echostr, as saving the settings page of the platform does."""
    account = state.account(app_id)
    reason = await engine.verify(account)
    return VerifyOut(ok=reason is None, reason=reason)


@router.post("/fans", status_code=201)
async def create_fans(state: StateDep, body: FansIn) -> FansOut:
    """Make people; with a count their names end in a number."""
    return FansOut(fans=fans.create(state, body.name, body.count))


@router.get("/fans")
async def list_fans(state: StateDep, cursor: Cursor = 0, limit: Limit = 100) -> FansOut:
    """List people in the order they were made."""
    people = list(state.people.values())
    end = cursor + limit
    return FansOut(fans=people[cursor:end], next_cursor=str(end) if end < len(people) else None)


@router.put("/fans/{fan_id}")
async def change_fan(state: StateDep, fan_id: str, body: TraitsIn) -> Person:
    """Change what is known of a person: phone number, the phone's system, whether the platform calls it risky."""
    person = state.person(fan_id)
    changed = person.model_copy(update=body.model_dump(exclude_unset=True))
    state.save(changed)
    return changed


@router.get("/fans/{fan_id}/phone")
async def phone(state: StateDep, fan_id: str, app_id: str) -> list[BubbleOut]:
    """Show the chat with an account on a person's phone, oldest first."""
    account = state.account(app_id)
    person = state.person(fan_id)
    return [BubbleOut.of(bubble) for bubble in state.bubbles.get((account.app_id, person.fan_id), [])]


@router.get("/followers")
async def followers(state: StateDep, app_id: str) -> FollowersOut:
    """List who follows an account now."""
    follows = state.follows[state.account(app_id).app_id].values()
    openids = [follow.openid for follow in follows if follow.following]
    return FollowersOut(count=len(openids), openids=openids)


@router.get("/welcomes")
async def welcomes(state: StateDep, app_id: str) -> WelcomesOut:
    """Count the followers, former ones too, who saw at least one reply to a follow."""
    follows = state.follows[state.account(app_id).app_id].values()
    return WelcomesOut(fans_with_reply=sum(follow.welcomed for follow in follows))


@router.get("/stats")
async def stats(request: Request, state: StateDep, app_id: str) -> StatsOut:
    """Sum up the calls and the pushes of an account since the last reset."""
    account = state.account(app_id)
    counts = quotas.totals(state, account.app_id)
    pushes = [push for push in state.pushes.values() if push.app_id == account.app_id]
    attempts = [attempt for push in pushes for attempt in push.attempts if not attempt.resent]
    sent = phone_lines.sent(state, account.app_id)
    return StatsOut(
        token_fetches=counts[quotas.FETCHED],
        ticket_fetches=counts["ticket_getticket"],
        calls={name: counts[name] for name in quotas.endpoint_names(request.app.openapi()["paths"])},
        errors=_prefixed(counts, quotas.ERROR),
        faulted=_prefixed(counts, quotas.FAULTED),
        pushes=len(pushes),
        attempts=len(attempts),
        failed=sum(attempt.error is not None for attempt in attempts),
        resends=sum(len(push.attempts) for push in pushes) - len(attempts),
        messages=MessagesOut.model_validate(Tally(bubble.channel for bubble in sent)),
        refused_outside_window=counts[contacts.REFUSED],
        sends_to=Tally(bubble.fan_id for bubble in sent),
        marketing_templates=counts[notices.MARKETING],
    )


@router.post("/reset", status_code=204)
async def reset(state: StateDep, engine: EngineDep) -> None:
    """Forget everything, and drop the pushes that are under way."""
    await engine.cancel()
    state.reset()


def _prefixed(counts: Tally[str], prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): count for name, count in counts.items() if name.startswith(prefix)}
