"""The one list of contexts: what each gives to the HTTP door, the background door and the command line."""

from typing import Any

from app.backups import jobs as backup_jobs
from app.backups import routes as backups
from core.alerts import routes as alerts
from core.announcements import handlers as announcement_handlers
from core.announcements import routes as announcements
from core.audit import jobs as audit_jobs
from core.audit import routes as audit
from core.channels import routes as channels
from core.custom_fields import routes as custom_fields
from core.customers import handlers as customer_handlers
from core.customers import handover as customer_handover
from core.customers import parts as customer_parts
from core.customers import routes as customers
from core.customers.followups import jobs as followup_jobs
from core.customers.followups import parts as followup_parts
from core.customers.followups import routes as followups
from core.customers.imports import jobs as customer_import_jobs
from core.customers.imports import routes as customer_imports
from core.customers.linking import handlers as linking_handlers
from core.customers.linking import parts as linking_parts
from core.customers.linking import routes as linking
from core.customers.picture import parts as picture_parts
from core.customers.picture import routes as picture
from core.customers.pool import jobs as pool_jobs
from core.customers.pool import parts as pool_parts
from core.customers.pool import routes as pool
from core.customers.privacy import handlers as privacy_handlers
from core.customers.privacy import jobs as privacy_jobs
from core.customers.privacy import parts as privacy_parts
from core.customers.privacy import routes as privacy
from core.customers.profiles import merging as profile_merging
from core.customers.profiles import routes as profiles
from core.customers.profiles.contacts import routes as contact_persons
from core.customers.profiles.mobiles import routes as mobile_changes
from core.customers.search import jobs as search_jobs
from core.customers.search import routes as search
from core.customers.search.views import routes as views
from core.customers.tags import jobs as tag_jobs
from core.customers.tags import parts as tag_parts
from core.customers.tags import routes as tags
from core.files import jobs as file_jobs
from core.files import routes as files
from core.guides import routes as guides
from core.notices import jobs as notice_jobs
from core.notices import routes as notices
from core.organisation import routes as organisation
from core.organisation.account import routes as account
from core.organisation.departments import routes as departments
from core.organisation.handover import routes as handover_routes
from core.organisation.handover import service as handover
from core.organisation.imports import routes as staff_imports
from core.organisation.people import routes as people
from core.organisation.posts import routes as posts
from core.parameters import routes as parameters
from core.roles import routes as roles
from core.sessions import jobs as session_jobs
from core.stores import routes as stores
from core.tasks import handlers as task_handlers
from core.tasks import handover as task_handover
from core.tasks import jobs as task_jobs
from core.tasks import routes as tasks
from core.todos import jobs as todo_jobs
from core.todos import routes as todos
from infra.context import Context
from infra.database import tortoise_config
from infra.events import Registry
from wechat.accounts import routes as accounts
from wechat.autoreplies import book as auto_reply_book
from wechat.autoreplies import commands as chat_commands
from wechat.autoreplies import helping as auto_reply_helping
from wechat.autoreplies import responders as auto_reply_responders
from wechat.autoreplies import routes as auto_replies
from wechat.blocks import jobs as block_jobs
from wechat.blocks import routes as blocks
from wechat.codes import handlers as code_handlers
from wechat.codes import handover as code_handover
from wechat.codes import jobs as code_jobs
from wechat.codes import routes as codes
from wechat.colleagues import handlers as colleague_handlers
from wechat.colleagues import routes as colleagues
from wechat.conversations import jobs as conversation_jobs
from wechat.conversations import parts as conversation_parts
from wechat.conversations import routes as conversations
from wechat.fans import jobs as fan_jobs
from wechat.fans import parts as fan_parts
from wechat.fans import routes as fans
from wechat.forwards import handlers as forward_handlers
from wechat.forwards import jobs as forward_jobs
from wechat.inbox import handlers as inbox_handlers
from wechat.inbox import handover as inbox_handover
from wechat.inbox import jobs as inbox_jobs
from wechat.inbox import parts as inbox_parts
from wechat.inbox import routes as inbox
from wechat.labels import jobs as label_jobs
from wechat.labels import parts as label_parts
from wechat.labels import routes as labels
from wechat.menus import jobs as menu_jobs
from wechat.menus import queries as menu_queries
from wechat.menus import routes as menus
from wechat.onboarding import jobs as onboarding_jobs
from wechat.onboarding import routes as onboarding
from wechat.outbound import jobs as outbound_jobs
from wechat.outbound import parts as outbound_parts
from wechat.outbound import routes as outbound
from wechat.pushes import bindings as push_bindings
from wechat.pushes import handlers as push_handlers
from wechat.pushes import jobs as push_jobs
from wechat.pushes import parts as push_parts
from wechat.pushes import routes as pushes
from wechat.welcomes import responders as welcome_responders
from wechat.welcomes import routes as welcomes

CONTEXTS = (
    Context(name="sessions", models="core.sessions.models", jobs=session_jobs.JOBS),
    Context(
        name="organisation",
        models="core.organisation.models",
        routes=(
            account.router,
            organisation.router,
            departments.router,
            posts.router,
            staff_imports.router,
            people.router,
            handover_routes.router,
        ),
        permissions=("departments:read", "departments:write", "handovers:write", "staff:read", "staff:write"),
    ),
    Context(
        name="roles",
        models="core.roles.models",
        routes=(roles.router,),
        permissions=("roles:read", "roles:write"),
    ),
    Context(name="alerts", routes=(alerts.router,), permissions=("alerts:read",)),
    Context(name="audit", routes=(audit.router,), jobs=audit_jobs.JOBS, permissions=("audit:read",)),
    Context(name="backups", routes=(backups.router,), jobs=backup_jobs.JOBS, permissions=("backups:read",)),
    Context(name="parameters", routes=(parameters.router,), permissions=("parameters:read", "parameters:write")),
    Context(
        name="files",
        models="core.files.models",
        routes=(files.router,),
        jobs=file_jobs.JOBS,
        permissions=("images:read", "images:write"),
    ),
    Context(
        name="stores",
        models="core.stores.models",
        routes=(stores.router,),
        permissions=("omnichannel:read", "stores:read", "stores:write"),
    ),
    Context(
        name="channels",
        models="core.channels.models",
        routes=(channels.router,),
        permissions=("channels:read", "channels:write"),
    ),
    Context(
        name="notices",
        models="core.notices.models",
        routes=(notices.router,),
        jobs=notice_jobs.JOBS,
    ),
    Context(name="todos", models="core.todos.models", routes=(todos.router,), jobs=todo_jobs.JOBS),
    Context(
        name="announcements",
        models="core.announcements.models",
        routes=(announcements.router,),
        handlers=announcement_handlers.HANDLERS,
        permissions=("announcements:write",),
    ),
    Context(
        name="tasks",
        models="core.tasks.models",
        routes=(tasks.router,),
        handlers=task_handlers.HANDLERS,
        jobs=task_jobs.JOBS,
        permissions=("tasks:write",),
        belongings=(task_handover.TASKS,),
    ),
    Context(name="guides", routes=(guides.router,), permissions=("guides:read", "guides:write")),
    Context(
        name="custom_fields",
        models="core.custom_fields.models",
        routes=(custom_fields.router,),
        permissions=("fields:read", "fields:write"),
    ),
    Context(
        name="customers",
        models="core.customers.models",
        routes=(customers.router,),
        handlers=customer_handlers.HANDLERS,
        belongings=(customer_handover.BELONGING,),
        permissions=("customers:read", "fans:read", "ranking:read"),
    ),
    Context(
        name="customers.linking",
        models="core.customers.linking.models",
        routes=(linking.router,),
        handlers=linking_handlers.HANDLERS,
        permissions=("customers:merge", "customers:unmask"),
        customer_parts=(linking_parts.PART,),
    ),
    Context(
        name="customers.profiles",
        models="core.customers.profiles.models",
        routes=(profiles.router, contact_persons.router, mobile_changes.router),
        permissions=("customers:correct", "customers:credit", "customers:write"),
        customer_parts=(profile_merging.PART,),
    ),
    Context(
        name="customers.tags",
        models="core.customers.tags.models",
        routes=(tags.router,),
        jobs=tag_jobs.JOBS,
        permissions=("tags:attach", "tags:read", "tags:write"),
        customer_parts=(tag_parts.PART,),
    ),
    Context(
        name="customers.followups",
        models="core.customers.followups.models",
        routes=(followups.router,),
        jobs=followup_jobs.JOBS,
        permissions=("followups:write",),
        customer_parts=(followup_parts.PART,),
    ),
    Context(
        name="customers.pool",
        models="core.customers.pool.models",
        routes=(pool.router,),
        jobs=pool_jobs.JOBS,
        permissions=(
            "customers:assign",
            "customers:transfer",
            "pool:assign",
            "pool:claim",
            "pool:discard",
            "pool:read",
            "pool:write",
        ),
        customer_parts=(pool_parts.PART,),
    ),
    Context(
        name="customers.search",
        models="core.customers.search.models",
        routes=(search.router, views.router),
        jobs=search_jobs.JOBS,
        permissions=("views:share",),
    ),
    Context(
        name="customers.privacy",
        models="core.customers.privacy.models",
        routes=(privacy.router,),
        handlers=privacy_handlers.HANDLERS,
        jobs=privacy_jobs.JOBS,
        permissions=("consents:write", "customers:erase"),
        customer_parts=(privacy_parts.PART,),
    ),
    Context(
        name="customers.picture",
        routes=(picture.router,),
        customer_parts=(picture_parts.TOUCHES, picture_parts.TASKS),
    ),
    Context(
        name="customers.imports",
        models="core.customers.imports.models",
        routes=(customer_imports.router,),
        jobs=customer_import_jobs.JOBS,
        permissions=("customers:export", "customers:import"),
    ),
    Context(
        name="wechat.accounts",
        models="wechat.accounts.models",
        routes=(accounts.router,),
        permissions=("accounts:read", "accounts:write"),
    ),
    Context(
        name="wechat.outbound",
        models="wechat.outbound.models",
        routes=(outbound.router,),
        jobs=outbound_jobs.JOBS,
        customer_parts=(outbound_parts.PART,),
    ),
    # Before the automatic replies: a binding code welcomes nobody.
    Context(
        name="wechat.colleagues",
        models="wechat.colleagues.models",
        routes=(colleagues.router,),
        handlers=colleague_handlers.HANDLERS,
        responders=push_bindings.RESPONDERS,
    ),
    Context(
        name="wechat.codes",
        models="wechat.codes.models",
        routes=(codes.router,),
        handlers=code_handlers.HANDLERS,
        belongings=(code_handover.BELONGING,),
        jobs=code_jobs.JOBS,
        permissions=("codes:read", "codes:write"),
    ),
    Context(name="wechat.fans", routes=(fans.router,), jobs=fan_jobs.JOBS, customer_parts=(fan_parts.PART,)),
    Context(
        name="wechat.labels",
        models="wechat.labels.models",
        routes=(labels.router,),
        jobs=label_jobs.JOBS,
        customer_parts=(label_parts.PART,),
        permissions=("fans:write", "labels:read", "labels:write"),
    ),
    Context(
        name="wechat.blocks",
        models="wechat.blocks.models",
        routes=(blocks.router,),
        jobs=block_jobs.JOBS,
        permissions=("blocks:write",),
    ),
    Context(name="wechat.followers", models="wechat.followers.models"),
    Context(
        name="wechat.onboarding",
        models="wechat.onboarding.models",
        routes=(onboarding.router,),
        jobs=onboarding_jobs.JOBS,
    ),
    Context(
        name="wechat.forwards",
        models="wechat.forwards.models",
        handlers=forward_handlers.HANDLERS,
        jobs=forward_jobs.JOBS,
    ),
    Context(
        name="wechat.welcomes",
        models="wechat.welcomes.models",
        routes=(welcomes.router,),
        permissions=("welcomes:read", "welcomes:write"),
        warm=(welcome_responders.warm,),
    ),
    Context(
        name="wechat.conversations",
        models="wechat.conversations.models",
        routes=(conversations.router,),
        jobs=conversation_jobs.JOBS,
        permissions=("words:write",),
        customer_parts=(conversation_parts.PART,),
    ),
    Context(
        name="wechat.inbox",
        models="wechat.inbox.models",
        routes=(inbox.router,),
        handlers=inbox_handlers.HANDLERS,
        jobs=inbox_jobs.JOBS,
        permissions=("inbox:assign", "inbox:read", "inbox:reply", "inbox:report"),
        belongings=(inbox_handover.BELONGING,),
        customer_parts=(inbox_parts.PART,),
    ),
    Context(
        name="wechat.autoreplies",
        models="wechat.autoreplies.models",
        routes=(auto_replies.router,),
        responders=auto_reply_responders.RESPONDERS,
        commands=auto_reply_helping.COMMANDS,
        permissions=("replies:read", "replies:write"),
        warm=(auto_reply_book.warm,),
    ),
    Context(
        name="wechat.menus",
        models="wechat.menus.models",
        routes=(menus.router,),
        jobs=menu_jobs.JOBS,
        permissions=("menus:read", "menus:write"),
    ),
    Context(
        name="wechat.pushes",
        routes=(pushes.router,),
        fast_routes=pushes.FAST_ROUTES,
        handlers=push_handlers.HANDLERS,
        jobs=push_jobs.JOBS,
        customer_parts=(push_parts.PART,),
    ),
)

handover.register(belonging for context in CONTEXTS for belonging in context.belongings)
customer_parts.register(part for context in CONTEXTS for part in context.customer_parts)
chat_commands.register(command for context in CONTEXTS for command in context.commands)
menu_queries.register(command for context in CONTEXTS for command in context.commands)

MODELS = ("infra.models", *(context.models for context in CONTEXTS if context.models))


def registry() -> Registry:
    """All handlers and the events they react to."""
    return Registry(handler for context in CONTEXTS for handler in context.handlers)


def tortoise() -> dict[str, Any]:
    """The configuration of the `tortoise` command line."""
    return tortoise_config(MODELS)
