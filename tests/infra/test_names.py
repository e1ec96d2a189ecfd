"""Names stand in one line among other words."""

import pytest
from pydantic import TypeAdapter, ValidationError

from infra.schemas import Input, Name


class Named(Input):
    name: Name


@pytest.mark.parametrize("character", [*"\n\r\u0085\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"])
def test_what_breaks_the_line_or_turns_its_direction_is_no_part_of_a_name(character):
    with pytest.raises(ValidationError, match="line breaks or bidirectional controls"):
        Named(name=f"一{character}店")


@pytest.mark.parametrize("name", ["一店", "Shop 1", "\u0645\u062a\u062c\u0631", "店 👨\u200d👩\u200d👧"])
def test_names_of_all_writing_are_let_in(name):
    assert TypeAdapter(Name).validate_python(name) == name
