"""What a custom field can be. No I/O."""

from enum import StrEnum


class Subject(StrEnum):
    """What a field is added to."""

    CUSTOMER = "customer"
    CONTACT = "contact"
    PRODUCT = "product"
    CONTRACT = "contract"


class FieldKind(StrEnum):
    """What a field takes; the types of AT-78."""

    LINE = "line"
    TEXT = "text"
    OPTION = "option"
    OPTIONS = "options"
    NUMBER = "number"
    DATE = "date"
    ADDRESS = "address"
