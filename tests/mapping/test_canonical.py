"""The page of canonical fields is what the model says now."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.mapping import canonical
from hub.mapping.document import MAKES, TAKES
from hub.mapping.target import Target, shaped
from hub.model.document import Kind

REPOSITORY = Path(__file__).parents[2]


def test_the_page_is_current() -> None:
    written = (REPOSITORY / canonical.PAGE).read_text("utf-8")
    assert written == canonical.page(), "run `python -m hub.mapping.canonical`"


@pytest.mark.parametrize("kind", [*MAKES, *TAKES])
def test_every_field_that_can_be_mapped_says_what_it_means(kind: Kind) -> None:
    form = shaped(kind)
    fields: list[Target] = [*form.fields.values(), *form.line_fields.values()]
    assert [field.name for field in fields if not canonical.meaning(field)] == []
    assert all(f"`{name}`" in canonical.page() for name in form.names())


def test_the_page_can_be_written_anywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "docs" / "page.md"
    canonical.main(target)
    assert target.read_text("utf-8") == canonical.page()
    assert capsys.readouterr().out == f"wrote {target}\n"
