"""The business documents of other people's valid files become canonical records; a table says which do not, and why."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.edi.settings import EdiSettings
from hub.codec.x12.interchange import TransactionSet
from hub.codec.x12.reader import transaction_sets
from hub.contract import BadRecord
from hub.mapping.house import house_folder
from hub.mapping.inward import Inward
from hub.mapping.partner_file import load
from tests.edi.trade import partner_file

_SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "x12"
_TEMPLATES = ("x12_4010_supplier", "x12_4010_customer", "x12_3pl")
#: What a partner's own file has to say (its units), and what the set itself leaves out.
_LEFT = {
    "X12Parser__From_aojuk.edi": "unit 'PK' unknown",
    "bots-plugins__850_850-004010-04.edi": "unit 'CA' unknown",
    "bots-plugins__850_850-004010-05.edi": "unit 'CR' unknown",
    "stupidedi__po-ack-minor-changes.edi": "unit '' unknown",  # ACK02 without ACK03
    "X12Parser__Example1.edi": "is empty and cannot be",  # neither on hand nor available: other quantities
    "stupidedi__price-sheet.edi": "sku: is empty and cannot be",
}


def _documents(folder: Path) -> Iterator[Inward]:
    for template in _TEMPLATES:
        path = partner_file(folder)
        path.write_text(path.read_text("utf-8").replace("x12_4010_supplier", template), "utf-8")
        file = load(path, house=house_folder(), settings_models={"edi": EdiSettings}, secrets={}.get)
        yield from file.profile().translator.inward.values()  # type: ignore[attr-defined]


def _refused(documents: list[Inward], one: TransactionSet) -> str:
    """Return why none of the documents for such a set takes it whole; "" when one does."""
    why = ""
    for document in documents:
        made = list(document.parse_sets([one])) if document.declared.layout.root == one.code else []
        bad = [each for each in made if isinstance(each, BadRecord)]
        if made and not bad:
            return ""
        why = "; ".join(filter(None, [why, *map(str, bad[:1])]))
    return why


@pytest.mark.skipif(not _SAMPLES.is_dir(), reason="the samples of others are not beside this repository")
def test_business_documents_of_valid_files_become_canonical(tmp_path: Path) -> None:
    documents = list(_documents(tmp_path))
    ours = {each.declared.layout.root for each in documents}
    with (_SAMPLES / "index.csv").open(encoding="utf-8", newline="") as opened:
        valid = [_SAMPLES / row["file"] for row in csv.DictReader(opened) if row["valid"] == "yes"]
    read = [(file.name, one) for file in valid for one in transaction_sets([file.read_bytes()]) if one.code in ours]
    left = {name: why for name, one in read if (why := _refused(documents, one))}
    assert len(read) > 40
    assert left.keys() == _LEFT.keys(), left
    assert all(_LEFT[name] in why for name, why in left.items()), left
