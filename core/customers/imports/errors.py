"""What can go wrong with an import or an export as a whole."""

from infra.errors import Conflict, InvalidInput, NotFound


class ImportNotFound(NotFound):
    code = "customer_import_not_found"
    message = "没有这次导入"
    english = "There is no such import"


class ImportEnded(Conflict):
    code = "customer_import_ended"
    message = "导入已经结束"
    english = "The import has ended"


class MappingRefused(InvalidInput):
    """`details.fields` names the fields, `details.reason` what is wrong with them.

    unknown, twice, too_many (more than columns), nothing_to_know_by (one of them is needed), owner_missing.
    """

    code = "mapping_refused"
    message = "列与字段的对应关系不正确"
    english = "The mapping of columns to fields doesn't hold"


class TagsUnknown(InvalidInput):
    """`details.tag_ids` are those that aren't there, or that only a rule gives."""

    code = "tags_unknown"
    message = "没有这些标签，或标签由规则自动添加"
    english = "There are no such tags to give by hand"


class ColumnsUnknown(InvalidInput):
    """`details.columns` are those that aren't there."""

    code = "export_columns_unknown"
    message = "没有这些导出列"
    english = "There are no such columns to export"
