"""Two of every object that a path names: one in the caller's reach and a foreign one.

Whoever adds a route whose path names a new kind of object adds a function to OBJECTS; it makes one, and gives its id.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from core.announcements import service as announcements
from core.customers import ownership
from core.customers.joining import MergeReason, merge
from core.customers.linking import service as linking
from core.customers.ownership import Place as CustomerPlace
from core.customers.ownership import Reason
from core.customers.rules import ContactKind, Credit
from core.files.schemas import ImageIn
from core.notices.service import NewNotice, notify_many
from core.organisation import bindings
from core.organisation.audience import Audience
from core.organisation.models import Department
from core.organisation.queries import Colleague, colleague
from core.permissions.rules import RoleKey, Scope
from core.sessions import service as sessions
from core.stores.models import Store
from core.tasks import service as tasks
from core.tasks.schemas import TaskIn
from core.todos import reminders
from infra import clock, database
from infra.ids import new_id
from infra.parameters import declared
from tests import factories as make
from tests import routes_chat
from wechat.accounts.queries import Credentials
from wechat.codes import service as codes
from wechat.codes.rules import Life, TargetKind

# Stands in every name of the foreign place: no answer may hold it.
FOREIGN = "异乡"


@dataclass
class Place:
    """Somewhere with somebody who works there; `mark` is in every name. `caller` is who looks."""

    mark: str
    department: Department
    store: Store
    person: Colleague
    caller: Colleague
    account: Credentials

    def name(self, word: str) -> str:
        return f"{self.mark}{word}{next(make._numbers)}"

    @property
    def author(self) -> Colleague:
        """The person, as one who may address everybody."""
        return replace(self.person, scope=Scope.ALL)

    @property
    def audience(self) -> Audience:
        return Audience(staff_ids=sorted({self.person.id, self.caller.id}))


async def _one(sql: str, *values: object) -> Any:
    row = await database.fetch_one(sql, *values)
    assert row is not None, sql
    return row[0]


async def _account(place: Place) -> str:
    return str(place.account.id)


async def _announcement(place: Place) -> str:
    return str((await announcements.announce(place.author, place.name("公告"), "内容", place.audience)).id)


async def _auto_reply(place: Place) -> str:
    rule_id = new_id()
    await database.execute(
        """INSERT INTO auto_reply (id, name, trigger, words, hours, contents, hand_over, priority, enabled, version,
            changed_by_id, changed_at, created_at)
        VALUES ($1, '规则', 'default', '[]', '[]', '[]', true, 100, true, 1, $2, $3, $3)""",
        rule_id,
        place.person.id,
        clock.now(),
    )
    return str(rule_id)


async def _batch(place: Place) -> str:
    offered = await codes.offer(place.account.app_id, Life.TEMPORARY)
    own = replace(place.person, scope=Scope.OWN, granted_departments=frozenset())
    return str((await codes.add_batch(offered, own, kind=TargetKind.GUIDE, name=place.name("批次")))[0])


async def _binding(place: Place) -> str:
    return await _bind(place.person)


async def _own_binding(place: Place) -> str:
    return await _bind(place.caller)


async def _bind(staff: Colleague) -> str:
    openid = make.openid()
    await bindings.bind_wechat(staff.id, "wx0000000000000001", openid)
    return str(await _one("SELECT id FROM staff_wechat WHERE openid = $1", openid))


async def _channel(place: Place) -> str:
    return str((await make.channel()).id)


async def _code(place: Place) -> str:
    offered = await codes.offer(place.account.app_id, Life.TEMPORARY)
    values = {"kind": TargetKind.GUIDE, "target_id": place.person.id, "name": place.name("码")}
    made = await codes.add_code(offered, **values)
    await database.execute(
        "UPDATE wechat_code SET state = 'issued', url = 'http://weixin.qq.com/q/1' WHERE id = $1", made
    )
    return str(made)


async def _customer(place: Place) -> str:
    person = make.openid()
    credit = Credit(guide_id=place.person.id, store_id=place.store.id)
    await make.record(make.contact(ContactKind.FOLLOW, clock.now(), person=person, credit=credit))
    customer = await make.customer_of(person)
    assert customer is not None
    return str(customer["id"])


async def _contact_person(place: Place) -> str:
    contact_id = new_id()
    await database.execute(
        """INSERT INTO contact_person (id, customer_id, name, name_key, is_main, custom, version, created_at)
        VALUES ($1, $2, $3, $3, false, '{}', 1, $4)""",
        contact_id,
        UUID(await _customer(place)),
        place.name("联系人"),
        clock.now(),
    )
    return str(contact_id)


async def _mobile_change(place: Place) -> str:
    change_id, asker = new_id(), await make.colleague(RoleKey.REP)
    await database.execute(
        """INSERT INTO customer_mobile_change (id, customer_id, number, reason, asked_by_id, asked_at)
        VALUES ($1, $2, '+8613812345678', $3, $4, $5)""",
        change_id,
        UUID(await _customer(place)),
        place.name("原因"),
        asker.id,
        clock.now(),
    )
    return str(change_id)


async def _two_customers(place: Place) -> list[UUID]:
    return sorted([UUID(await _customer(place)), UUID(await _customer(place))])


async def _candidate(place: Place) -> str:
    one, other = await _two_customers(place)
    async with database.transaction() as connection:
        await linking.suggest(connection, [(one, other)], "same_number")
    return str(await _one("SELECT id FROM merge_candidate WHERE one_id = $1", one))


async def _dispute(place: Place) -> str:
    dispute_id = new_id()
    await database.execute(
        """INSERT INTO phone_dispute (id, number, former_id, newcomer_id, opened_at)
        VALUES ($1, '+8613812345678', $2, $3, $4)""",
        dispute_id,
        *await _two_customers(place),
        clock.now(),
    )
    return str(dispute_id)


async def _merge(place: Place) -> str:
    target, source = await _two_customers(place)
    async with database.transaction() as connection:
        return str((await merge(connection, {source: target}, MergeReason.BY_HAND))[source])


async def _pooled(place: Place) -> str:
    customer_id = UUID(await _customer(place))
    async with database.transaction() as connection:
        await ownership.move(
            connection, [customer_id], CustomerPlace.POOL, None, reason=Reason.RELEASED, source=new_id(), by=None
        )
    return str(customer_id)


async def _reminder(_place: Place) -> str:
    return "due"


async def _conversation(place: Place) -> str:
    return await routes_chat.conversation(place, UUID(await _customer(place)))


async def _department(place: Place) -> str:
    if place.caller.scope is not Scope.BELOW:
        return str(place.department.id)
    return str((await make.department(place.name("部门"), parent=place.department)).id)


async def _file(place: Place) -> str:
    return await _stored(place.caller, place.name("文件"))


async def _stored(owner: Colleague, name: str) -> str:
    digest, file_id = new_id().hex * 2, new_id()
    await database.execute(
        "INSERT INTO file_blob (digest, size, media_type, created_at) VALUES ($1, 1, 'image/png', $2)",
        digest,
        clock.now(),
    )
    await database.execute(
        """INSERT INTO stored_file (id, blob_id, name, purpose, owner_id, created_at)
        VALUES ($1, $2, $3, 'image', $4, $5)""",
        file_id,
        digest,
        name,
        owner.id,
        clock.now(),
    )
    return str(file_id)


async def _image(place: Place) -> str:
    from core.files import library

    file_id = await _stored(place.person, place.name("图片"))
    body = ImageIn.model_validate({"file_id": file_id, "title": "图片"})
    return str((await library.add(body, place.person.id)).id)


async def _import(place: Place) -> str:
    import_id = new_id()
    await database.execute(
        """INSERT INTO customer_import (id, staff_id, file_id, file_name, mapping, options, dry_run, state, next_row,
            created, linked, refused, warned, started_at)
        VALUES ($1, $2, $3, $4, '["name"]', '{"into": "own", "on_possible_duplicate": "refuse"}', false, 'waiting', 0,
            0, 0, 0, 0, $5)""",
        import_id,
        place.person.id,
        new_id(),
        place.name("客户.csv"),
        clock.now(),
    )
    return str(import_id)


async def _label(place: Place) -> str:
    label_id = new_id()
    await database.execute(
        """INSERT INTO wechat_label (id, account_id, kind, name, synced, attempts, next_at, created_at)
        VALUES ($1, $2, 'tag', $3, true, 0, $4, $4)""",
        label_id,
        place.account.id,
        f"标签{next(make._numbers)}",
        clock.now(),
    )
    return str(label_id)


async def _message(place: Place) -> str:
    message_id = new_id()
    await database.execute(
        """INSERT INTO outbound_message (id, account_id, channel, key, digest, staff_id, payload, state, attempts,
            due_at, created_at) VALUES ($1, $2, 'template', $3, $4, $5, '{}', 'failed', 1, $6, $6)""",
        message_id,
        place.account.id,
        str(message_id),
        message_id.bytes,
        place.person.id,
        clock.now(),
    )
    return str(message_id)


async def _notice(place: Place) -> str:
    notice = NewNotice(staff_id=place.caller.id, key=str(new_id()), kind="todo.due", title=place.name("通知"))
    async with database.transaction() as connection:
        await notify_many(connection, [notice])
    return str(await _one("SELECT id FROM notice WHERE key = $1", notice.key))


async def _parameter(place: Place) -> str:
    return next(iter(sorted(declared)))


async def _post(place: Place) -> str:
    return str((await make.post(place.department, place.name("岗位"))).id)


async def _role(place: Place) -> str:
    role_id = new_id()
    await database.execute(
        """INSERT INTO role (id, name, points, scope, special_rights, version, created_at)
        VALUES ($1, $2, '[]', 'own', '[]', 1, $3)""",
        role_id,
        f"角色{next(make._numbers)}",
        clock.now(),
    )
    return str(role_id)


async def _session(place: Place) -> str:
    await sessions.open_session("staff", place.caller.id)
    return str(
        await _one("SELECT id FROM session WHERE principal_id = $1 ORDER BY created_at DESC, id DESC", place.caller.id)
    )


async def _staff(place: Place) -> str:
    return str(place.person.id)


async def _store(place: Place) -> str:
    if place.caller.scope in {Scope.OWN, Scope.STORE}:
        return str(place.store.id)
    store = await make.store(place.name("门店"))
    await database.execute("UPDATE store SET department_id = $2 WHERE id = $1", store.id, place.department.id)
    return str(store.id)


async def _task(place: Place) -> str:
    return str((await tasks.send(place.author, TaskIn(title=place.name("任务"), audience=place.audience))).id)


async def _todo(place: Place) -> str:
    return str(await reminders.add(place.caller.id, place.name("待办"), None))


async def _field(place: Place) -> str:
    field_id = new_id()
    await database.execute(
        """INSERT INTO custom_field (id, subject, kind, name, options, required, "unique", searchable, listed, position,
            version, created_at) VALUES ($1, 'product', 'line', $2, '[]', false, false, true, true, 1, 1, $3)""",
        field_id,
        f"字段{next(make._numbers)}",
        clock.now(),
    )
    return str(field_id)


async def _tag(place: Place) -> str:
    tag_id = new_id()
    await database.execute(
        "INSERT INTO tag (id, kind, name, version, created_at) VALUES ($1, 'tag', $2, 1, $3)",
        tag_id,
        f"客户标签{next(make._numbers)}",
        clock.now(),
    )
    return str(tag_id)


async def _view(place: Place) -> str:
    view_id = new_id()
    await database.execute(
        """INSERT INTO saved_view (id, staff_id, name, filters, columns, shared, position, version, created_at)
        VALUES ($1, $2, $3, '{}', '[]', false, 1, 1, $4)""",
        view_id,
        place.caller.id,
        place.name("视图"),
        clock.now(),
    )
    return str(view_id)


@dataclass(frozen=True)
class Object:
    """How one is made. `common`: it belongs to everybody who has the operation point; `personal`: to the caller alone,
    whatever the scope."""

    make: Callable[[Place], Awaitable[str]]
    common: bool = False
    personal: bool = False


OBJECTS = {
    "account_id": Object(_account, common=True),
    "announcement_id": Object(_announcement),
    "auto_reply_id": Object(_auto_reply, common=True),
    "banned_word_id": Object(routes_chat.banned_word, common=True),
    "batch_id": Object(_batch),
    "binding_id": Object(_binding),
    "candidate_id": Object(_candidate),
    "channel_id": Object(_channel, common=True),
    "code_id": Object(_code),
    "contact_person_id": Object(_contact_person),
    "conversation_id": Object(_conversation),
    "customer_id": Object(_customer),
    "department_id": Object(_department),
    "dispute_id": Object(_dispute),
    "field_id": Object(_field, common=True),
    "file_id": Object(_file, personal=True),
    "image_id": Object(_image, common=True),
    "import_id": Object(_import),
    "label_id": Object(_label, common=True),
    "menu_id": Object(routes_chat.menu, common=True),
    "merge_id": Object(_merge),
    "message_id": Object(_message, common=True),
    "mobile_change_id": Object(_mobile_change),
    "name": Object(_parameter, common=True),
    "notice_id": Object(_notice, personal=True),
    "pooled_id": Object(_pooled, common=True),
    "post_id": Object(_post),
    "quick_reply_id": Object(routes_chat.quick_reply, personal=True),
    "reminder": Object(_reminder, common=True),
    "role_id": Object(_role, common=True),
    "session_id": Object(_session, personal=True),
    "staff_id": Object(_staff),
    "store_id": Object(_store),
    "tag_id": Object(_tag, common=True),
    "task_id": Object(_task),
    "todo_id": Object(_todo, personal=True),
    "view_id": Object(_view, personal=True),
}
# Under /me a binding is the caller's own.
OF_MINE = {"binding_id": Object(_own_binding, personal=True)}


def object_of(path: str, parameter: str) -> Object:
    """What a parameter of a path names."""
    return OF_MINE[parameter] if path.startswith("/staff/v1/me/") and parameter in OF_MINE else OBJECTS[parameter]


@dataclass
class World:
    """The caller's place and a foreign one, side by side below the same top."""

    own: Place
    foreign: Place

    @property
    def caller(self) -> Colleague:
        return self.own.caller

    async def mend(self) -> None:
        """Take back what a request may have done to those who are needed for the next one."""
        people = [self.own.person.id, self.caller.id]
        await database.execute(
            "UPDATE staff SET left_at = NULL, disabled_at = NULL, must_change_password = false WHERE id = ANY($1)",
            people,
        )
        await database.execute("UPDATE store SET closed_at = NULL WHERE id = $1", self.own.store.id)
        for person in (self.own.person, self.caller):
            await database.execute(
                """UPDATE staff SET role_id = $2, post_id = $3, department_id = $4, store_id = $5, scope = $6,
                    is_guide = true WHERE id = $1""",
                person.id,
                person.role_id,
                person.post_id,
                person.department_id,
                person.store_id,
                person.scope,
            )


async def build(role_id: object, scope: Scope) -> World:
    """A world for a caller with this role, in force with this scope.

    The own place is the store and department of the caller, or (with the scope of all below) a department below the
    caller's; who has the own data only is the person of the own place.
    """
    # Nobody plays the platform here: an account that speaks would get no answer.
    account = await make.account(shadow=True)
    top = await make.department("总部")
    region, elsewhere = await make.department("大区", parent=top), await make.department(f"{FOREIGN}区", parent=top)
    team = await make.department("一组", parent=region)
    store, foreign_store = await make.store("一店"), await make.store(f"{FOREIGN}店")
    for one, department in ((store, team), (foreign_store, elsewhere)):
        await database.execute("UPDATE store SET department_id = $2 WHERE id = $1", one.id, department.id)
    work = {"is_guide": True, "store_id": store.id}
    post = await make.post(region if scope is Scope.BELOW else team)
    caller = await make.colleague(RoleKey.GUIDE, "查看人", post=post, **work)
    await database.execute("UPDATE staff SET role_id = $2, scope = $3 WHERE id = $1", caller.id, role_id, scope)
    caller = await colleague(caller.id)
    assert caller is not None
    assert caller.scope is scope
    mate = await make.colleague(RoleKey.REP, "同事", post=await make.post(team), **work)
    stranger = await make.colleague(
        RoleKey.REP, f"{FOREIGN}人", post=await make.post(elsewhere), is_guide=True, store_id=foreign_store.id
    )
    own = Place("本地", team, store, caller if scope is Scope.OWN else mate, caller, account)
    return World(own, Place(FOREIGN, elsewhere, foreign_store, stranger, stranger, account))
