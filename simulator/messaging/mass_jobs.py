"""Mass messages that were taken: whom they reach, what counts them, and the administrator some of them wait for."""

from simulator.pushing import acts
from simulator.pushing.acts import Chat
from simulator.world import memory, phone, quotas
from simulator.world.contacts import Contact, of_person
from simulator.world.errors import CLEARS_USED_UP, MASS_USED_UP
from simulator.world.phone import Said
from simulator.world.records import Account, Fields, Follow, Push, Record
from simulator.world.state import State

SUCCESS, FAILURE = "send success", "send fail"


class MassJob(Record):
    """A mass message as its account may ask about it; without a status it waits for the administrator."""

    app_id: str
    message_id: int
    sent_at: float
    kind: str
    text: str
    content: Fields
    fan_ids: list[str]
    status: str | None = None
    deleted: bool = False

    def key(self) -> str:
        return f"{self.app_id}|{self.message_id}"


def take(state: State, account: Account, said: Said, targets: list[Follow]) -> MassJob:
    """Write a job down."""
    job = MassJob(
        app_id=account.app_id,
        message_id=memory.new_message_id(),
        sent_at=state.clock.now(),
        kind=said.kind,
        text=said.text,
        content=said.content,
        fan_ids=[follow.fan_id for follow in targets],
    )
    state.save(job)
    return job


def finish(state: State, account: Account, job: MassJob, status: str) -> Push:
    """Let a job reach its people, or nobody when it fails; return the event that tells how many they were.

    Who refuses messages, is on the black list, has left, or had four this month is filtered out (official text).
    """
    targets = [state.follows[account.app_id][fan_id] for fan_id in job.fan_ids]
    ready = [follow for follow in targets if _may_receive(state, account, follow)]
    reached = ready if status == SUCCESS else []
    with state.atomic():
        job.status = status
        state.save(job)
        for follow in reached:
            _count(state, account, follow)
            said = Said(job.kind, job.text, job.content)
            phone.show_sent(state, account.app_id, follow.fan_id, channel="mass", said=said)
        fields: Fields = {
            "MsgID": job.message_id,
            "Status": status,
            "TotalCount": len(targets),
            "FilterCount": len(ready),
            "SentCount": len(reached),
            "ErrorCount": len(ready) - len(reached),
            "CopyrightCheckResult": {"Count": 0, "ResultList": "", "CheckState": 1},
        }
        return acts.event(Chat(state, account), "MASSSENDJOBFINISH", fields)


def status_of(state: State, account: Account, job: MassJob) -> str:
    """Return what the platform calls a job's state."""
    if job.deleted:
        return "DELETE"
    if job.status is None and _is_fresh(state, account, job):
        return "SENDING"
    return "SEND_SUCCESS" if job.status == SUCCESS else "SEND_FAIL"


def decide(state: State, account: Account, *, approve: bool) -> list[Push]:
    """Let the administrator agree to what waits, or not; what waited for too long fails all the same."""
    waiting = [
        job
        for job in state.every(MassJob).values()
        if job.app_id == account.app_id and job.status is None and not job.deleted
    ]
    return [
        finish(
            state,
            account,
            job,
            account.mass_status if approve and _is_fresh(state, account, job) else FAILURE,
        )
        for job in waiting
    ]


def spend(state: State, account: Account, *, to_all: bool) -> None:
    """Count a job against what an account of its type may send; errcode 45028."""
    if account.account_type == "subscription":
        quotas.spend(state, account, "mass_day_of_subscription", errcode=MASS_USED_UP)
    elif to_all:
        quotas.spend_month(state, account, "mass_month_to_all", errcode=MASS_USED_UP)


def use_web_page(state: State, account: Account, *, mass: int, clears: int) -> None:
    """Count mass messages to all and clearings that were made on the platform's own page; errcode 45028, 48006."""
    with state.atomic():
        for _ in range(mass):
            spend(state, account, to_all=True)
            for follow in list(state.follows[account.app_id].values()):
                if _may_receive(state, account, follow):
                    _count(state, account, follow)
        for _ in range(clears):
            quotas.spend_month(state, account, "clear_quota_month", errcode=CLEARS_USED_UP)
            quotas.clear_day(state, account)


def _is_fresh(state: State, account: Account, job: MassJob) -> bool:
    return state.clock.now() - job.sent_at <= account.limits.mass_confirm_seconds


def _may_receive(state: State, account: Account, follow: Follow) -> bool:
    contact = of_person(state, account.app_id, follow.fan_id)
    if not follow.following or follow.blacklisted or contact.refuses:
        return False
    if account.account_type == "subscription":
        return True
    return _received(state, contact) < account.limits.mass_month_per_user


def _count(state: State, account: Account, follow: Follow) -> None:
    contact = of_person(state, account.app_id, follow.fan_id)
    contact.mass_count = _received(state, contact) + 1
    contact.mass_month = quotas.month(state)
    state.save(contact)


def _received(state: State, contact: Contact) -> int:
    return contact.mass_count if contact.mass_month == quotas.month(state) else 0
