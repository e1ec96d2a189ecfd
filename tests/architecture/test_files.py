"""The form of the files: names a reader expects, sizes a reader can hold, endpoints that only pass on."""

import ast
from statistics import median, quantiles

from tests.architecture.sources import ROOT, sources

ROOMS = {
    "__init__.py",
    "models.py",
    "schemas.py",
    "rules.py",
    "service.py",
    "queries.py",
    "routes.py",
    "events.py",
    "handlers.py",
    "jobs.py",
    "errors.py",
    "dependencies.py",
}
# Files with a name of their own: each has a reason that its docstring gives.
OWN_NAMES = {
    "core/audit/checking.py",
    "core/audit/paging.py",
    "core/parameters/company.py",
    "core/todos/reminders.py",
    "core/notices/streams.py",
    "core/notices/delivered.py",
    "core/organisation/deciding.py",
    "core/customers/profiles/mobiles/telling.py",
    "core/custom_fields/definitions.py",
    "core/custom_fields/values.py",
    "core/customers/handover.py",
    "core/customers/imports/writing.py",
    "core/customers/imports/taking.py",
    "core/customers/imports/running.py",
    "core/customers/imports/references.py",
    "core/customers/imports/reading.py",
    "core/customers/imports/leases.py",
    "core/customers/imports/fields.py",
    "core/customers/imports/exporting.py",
    "core/customers/imports/earlier.py",
    "core/customers/imports/drafts.py",
    "core/customers/imports/doubts.py",
    "core/customers/imports/converting.py",
    "core/customers/imports/columns.py",
    "core/customers/imports/addresses.py",
    "core/customers/followups/parts.py",
    "core/customers/followups/plans.py",
    "core/customers/followups/records.py",
    "core/customers/followups/reminding.py",
    "core/customers/pool/daily.py",
    "core/customers/pool/parts.py",
    "core/customers/pool/recycling.py",
    "core/customers/pool/terms.py",
    "core/customers/pool/warning.py",
    "core/customers/merging.py",
    "core/customers/joining.py",
    "core/customers/moving.py",
    "core/customers/linking/deciding.py",
    "core/customers/linking/evidence.py",
    "core/customers/linking/parting.py",
    "core/customers/linking/parts.py",
    "core/customers/linking/phones.py",
    "core/customers/linking/previews.py",
    "core/customers/linking/suggesting.py",
    "core/customers/linking/undoing.py",
    "core/customers/linking/verifying.py",
    "core/customers/linking/weighing.py",
    "core/customers/people.py",
    "core/customers/indexing.py",
    "core/customers/ownership.py",
    "core/customers/parts.py",
    "core/customers/timeline.py",
    "core/customers/picture/parts.py",
    "core/customers/profiles/choices.py",
    "core/customers/profiles/creating.py",
    "core/customers/profiles/duplicates.py",
    "core/customers/profiles/editing.py",
    "core/customers/profiles/merging.py",
    "core/customers/profiles/parents.py",
    "core/customers/profiles/records.py",
    "core/customers/profiles/stages.py",
    "core/customers/privacy/document.py",
    "core/customers/privacy/erasing.py",
    "core/customers/privacy/forgetting.py",
    "core/customers/privacy/parts.py",
    "core/customers/search/asking.py",
    "core/customers/search/conditions.py",
    "core/customers/search/listing.py",
    "core/customers/search/missing.py",
    "core/customers/search/terms.py",
    "core/customers/search/whose.py",
    "core/customers/tags/evaluating.py",
    "core/customers/tags/parts.py",
    "core/files/blobs.py",
    "core/files/library.py",
    "core/files/purposes.py",
    "core/files/uploads.py",
    "core/organisation/account/ending.py",
    "core/organisation/account/new_passwords.py",
    "core/organisation/account/second_factor.py",
    "core/organisation/audience.py",
    "core/organisation/bindings.py",
    "core/organisation/passwords.py",
    "core/stores/importing.py",
    "core/organisation/places.py",
    "core/organisation/departments/merging.py",
    "core/organisation/administrators.py",
    "core/organisation/scopes.py",
    "core/tasks/counting.py",
    "core/tasks/handover.py",
    "core/tasks/reminding.py",
    "core/tasks/saying.py",
    "core/tasks/wording.py",
    "core/permissions/points.py",
    "wechat/autoreplies/acts.py",
    "wechat/autoreplies/asking.py",
    "wechat/autoreplies/book.py",
    "wechat/autoreplies/commands.py",
    "wechat/autoreplies/filling.py",
    "wechat/autoreplies/helping.py",
    "wechat/autoreplies/hours.py",
    "wechat/autoreplies/patterns.py",
    "wechat/autoreplies/pictures.py",
    "wechat/autoreplies/responders.py",
    "wechat/autoreplies/trying.py",
    "wechat/codes/budget.py",
    "wechat/codes/handover.py",
    "wechat/codes/issuing.py",
    "wechat/codes/numbers.py",
    "wechat/codes/pictures.py",
    "wechat/codes/posters.py",
    "wechat/fans/listing.py",
    "wechat/fans/parts.py",
    "wechat/forwards/sealing.py",
    "wechat/inbox/cases.py",
    "wechat/inbox/handover.py",
    "wechat/inbox/levels.py",
    "wechat/inbox/lines.py",
    "wechat/inbox/listing.py",
    "wechat/inbox/moving.py",
    "wechat/inbox/parts.py",
    "wechat/inbox/presence.py",
    "wechat/inbox/quick_replies.py",
    "wechat/inbox/receivers.py",
    "wechat/inbox/receiving.py",
    "wechat/inbox/replying.py",
    "wechat/inbox/ringing.py",
    "wechat/inbox/scopes.py",
    "wechat/inbox/searching.py",
    "wechat/colleagues/login.py",
    "wechat/colleagues/templates.py",
    "wechat/menus/live.py",
    "wechat/menus/problems.py",
    "wechat/menus/publishing.py",
    "wechat/menus/wording.py",
    "wechat/onboarding/account_checks.py",
    "wechat/onboarding/checks.py",
    "wechat/onboarding/push_checks.py",
    "wechat/onboarding/visits.py",
    "wechat/followers/batches.py",
    "wechat/followers/comparing.py",
    "wechat/followers/profiles.py",
    "wechat/labels/importing.py",
    "wechat/labels/parts.py",
    "wechat/labels/reading.py",
    "wechat/labels/syncing.py",
    "wechat/outbound/contents.py",
    "wechat/outbound/endings.py",
    "wechat/outbound/parts.py",
    "wechat/outbound/retrying.py",
    "wechat/outbound/saying.py",
    "wechat/outbound/sending.py",
    "wechat/outbound/speaking.py",
    "wechat/outbound/telling.py",
    "wechat/outbound/uploads.py",
    "wechat/outbound/windows.py",
    "wechat/outbound/wording.py",
    "wechat/platform/client.py",
    "wechat/platform/customer_messages.py",
    "wechat/platform/exchange.py",
    "wechat/platform/limits.py",
    "wechat/platform/media.py",
    "wechat/platform/menus.py",
    "wechat/platform/oauth.py",
    "wechat/platform/policy.py",
    "wechat/platform/qrcodes.py",
    "wechat/platform/quotas.py",
    "wechat/platform/shared.py",
    "wechat/platform/templates.py",
    "wechat/platform/tickets.py",
    "wechat/platform/tokens.py",
    "wechat/platform/transport.py",
    "wechat/platform/users.py",
    "wechat/pushes/bindings.py",
    "wechat/pushes/bodies.py",
    "wechat/pushes/crypto.py",
    "wechat/pushes/envelope.py",
    "wechat/pushes/fields.py",
    "wechat/pushes/messages.py",
    "wechat/conversations/lines.py",
    "wechat/conversations/media.py",
    "wechat/conversations/parts.py",
    "wechat/conversations/pictures.py",
    "wechat/conversations/retention.py",
    "wechat/conversations/sales.py",
    "wechat/conversations/words.py",
    "wechat/pushes/hearing.py",
    "wechat/pushes/parsing.py",
    "wechat/pushes/parts.py",
    "wechat/pushes/replies.py",
    "wechat/pushes/responders.py",
    "wechat/pushes/store.py",
    "wechat/welcomes/responders.py",
}
CONTEXTS = ("core", "wechat", "loyalty", "fieldsales", "campaigns", "miniprogram")


def test_every_file_of_a_context_has_a_name_a_reader_expects():
    found = {source.path for source in sources(*CONTEXTS) if source.name not in ROOMS}
    assert found == OWN_NAMES


def test_every_file_says_what_it_holds():
    assert [source.path for source in sources() if not ast.get_docstring(source.tree)] == []


def test_files_are_small():
    lines = sorted(len(source.text.splitlines()) for source in sources())
    assert median(lines) < 100
    assert quantiles(lines, n=10)[-1] < 300
    largest = max(sources(), key=lambda source: len(source.text.splitlines()))
    assert len(largest.text.splitlines()) <= 500, largest.path


def test_no_file_of_the_tests_or_the_simulator_is_large():
    for source in sources("tests", "simulator"):
        assert len(source.text.splitlines()) <= 500, source.path


def test_endpoints_only_parse_call_and_return():
    long = [
        (source.path, node.name)
        for source in sources()
        if source.name == "routes.py"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.AsyncFunctionDef) and node.end_lineno - node.body[0].lineno + 1 > 15
    ]
    assert long == []


def test_no_file_names_a_place_on_somebodys_machine():
    for source in sources():
        assert str(ROOT) not in source.text, source.path
