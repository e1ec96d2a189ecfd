"""What a customer's record may say. No I/O."""

from enum import StrEnum


class Nature(StrEnum):
    PERSON = "person"
    BUSINESS = "business"


class Party(StrEnum):
    """One store of customers holds them all (F-18)."""

    PROSPECT = "prospect"
    CUSTOMER = "customer"
    PARTNER = "partner"
    AGENT = "agent"
    SUPPLIER = "supplier"


class Status(StrEnum):
    """How the relation stands."""

    ACTIVE = "active"
    PAUSED = "paused"
    CLOSED = "closed"


class Stage(StrEnum):
    """Where in its life as a customer somebody is (F-19)."""

    NEW = "new"
    INTERESTED = "interested"
    BOUGHT = "bought"
    LOYAL = "loyal"
    SLEEPING = "sleeping"
    LOST = "lost"


class Gender(StrEnum):
    MALE = "male"
    FEMALE = "female"
