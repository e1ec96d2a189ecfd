"""The command line's view of the audit log and of parameters."""

from core.audit import service
from core.parameters.company import DocumentKind, rounded
from infra import parameters
from tests import factories as make
from tests.app.guanxi import guanxi
from tests.core.audit_world import forget, noted, tamper


async def test_the_log_is_verified_against_anchors(db):
    await forget()
    await noted(3)
    await service.seal()
    code, anchor = await guanxi("audit", "head")
    assert (code, anchor.startswith("3:")) == (0, True)
    code, said = await guanxi("audit", "verify", "--anchor", anchor.strip())
    assert (code, "完整，共 3 条" in said) == (0, True)
    await tamper("DELETE FROM audit_chain WHERE seq = 3")
    await tamper("DELETE FROM audit WHERE subject_id = '2'")
    assert (await guanxi("audit", "verify"))[0] == 0
    code, said = await guanxi("audit", "verify", "--anchor", anchor.strip())
    assert (code, "anchor_missed" in said, "Traceback" in said) == (1, True, False)
    code, said = await guanxi("audit", "verify", "--anchor", "3")
    assert (code, "audit_anchor_invalid" in said) == (1, True)


async def test_a_removed_row_is_told(db):
    await noted(3)
    await service.seal()
    await tamper("DELETE FROM audit WHERE subject_id = '1'")
    code, said = await guanxi("audit", "verify")
    assert (code, "row_removed，位置 2" in said) == (1, True)


async def test_parameters_changed_here_are_noted_as_the_command_lines(db):
    assert (await guanxi("parameter", "set", "decimals.order", "0", "--version", "0"))[0] == 0
    code, said = await guanxi("parameter", "reset", "decimals.order", "--version", "0")
    assert (code, "parameter_changed" in said) == (1, True)
    assert (await guanxi("parameter", "reset", "decimals.order", "--version", "1"))[0] == 0
    parameters.forget()
    assert await rounded(DocumentKind.ORDER, 1234) == 1234
    rows = await make.rows("SELECT actor, subject_id, details ->> 'to' AS value FROM audit ORDER BY id")
    assert [(row["actor"], row["subject_id"], row["value"]) for row in rows] == [
        ("cli", "decimals.order", "0"),
        ("cli", "decimals.order", None),
    ]
    stored = await make.rows("SELECT changed_by FROM parameter_version")
    assert {row["changed_by"] for row in stored} == {"cli"}
