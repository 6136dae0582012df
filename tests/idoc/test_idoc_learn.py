"""A partner's WE60 export becomes the dictionary of its extension."""

from __future__ import annotations

import pytest

from hub.codec.idoc.dictionary import DictionaryRefused, read_dictionary, standard
from hub.codec.idoc.learn import learn
from hub.codec.idoc.reader import idocs
from hub.codec.idoc.writer import as_flat, as_xml, write
from tests.idoc.idoc_kit import ORDER, control, data


def field(name: str, first: int, width: int, kind: str = "CHARACTER") -> str:
    return (
        f'          NAME                {name}\n          TEXT                The {name.lower()} of "it"\n'
        f"          TYPE                {kind}\n          LENGTH              {width:06}\n"
        f"          FIELD_POS           0001\n          CHARACTER_FIRST     {first:06}\n"
        f"          CHARACTER_LAST      {first + width - 1:06}\n\n"
    )


def segment(external: str, name: str, level: int, fields: str, most: int = 99) -> str:
    return (
        f"      BEGIN_SEGMENT       {external}\n        SEGMENTTYPE         {name}\n"
        f"        LEVEL               {level:02}\n"
        f"        STATUS              MANDATORY\n        LOOPMIN             0000000001\n"
        f"        LOOPMAX             {most:010}\n        BEGIN_FIELDS\n{fields}        END_FIELDS\n      END_SEGMENT\n"
    )


EXPORT = (
    "BEGIN_RECORD_SECTION\n  BEGIN_CONTROL_RECORD\n    BEGIN_FIELDS\n"
    + field("TABNAM", 1, 10)
    + "    END_FIELDS\n  END_CONTROL_RECORD\nEND_RECORD_SECTION\nBEGIN_SEGMENT_SECTION\n"
    "  BEGIN_IDOC          ORDERS05\n    EXTENSION           ZORDERS5\n"
    + segment("E2EDK01005", "E1EDK01", 1, field("ACTION", 64, 3), 1)
    + "    BEGIN_GROUP         1\n      LEVEL               02\n      STATUS              OPTIONAL\n"
    "      LOOPMIN             0000000001\n      LOOPMAX             0000999999\n"
    + segment("E2EDP01011", "E1EDP01", 2, field("POSEX", 64, 6) + field("MENGE", 75, 15), 1)
    + segment("/NS/Z1GIFT000", "/NS/Z1GIFT", 3, field("WRAP", 64, 1) + field("WHEN", 65, 8, "DATE"))
    + "    END_GROUP\n  END_IDOC\nEND_SEGMENT_SECTION\n"
)


def test_segments_fields_and_groups_are_learned() -> None:
    learned = learn(EXPORT.splitlines())
    gift = learned.segments["_-NS_-Z1GIFT"]
    assert gift.external == "/NS/Z1GIFT000"
    assert [(each.name, each.offset, each.width, each.kind) for each in gift.fields] == [
        ("WRAP", 0, 1, ""),
        ("WHEN", 1, 8, "date"),
    ]
    tree = learned.trees["ZORDERS5"]
    assert [(each.name, each.parent, each.least, each.most, each.level) for each in tree.places] == [
        ("E1EDK01", "", 1, 1, 1),
        ("E1EDP01", "", 0, 0, 2),
        ("_-NS_-Z1GIFT", "E1EDP01", 0, 99, 3),
    ]
    # A gap between two fields keeps its width, and a field that we know keeps its kind.
    line = learned.segments["E1EDP01"]
    assert [(each.name, each.offset, each.kind) for each in line.fields] == [
        ("POSEX", 0, ""),
        ("GAP6", 6, ""),
        ("MENGE", 11, "number"),
    ]


def test_what_was_learned_is_written_and_read_again() -> None:
    learned = learn(EXPORT.splitlines())
    assert read_dictionary("\n".join(learned.lines())) == learned
    assert read_dictionary("\n".join(standard().lines())) == standard()


def test_an_extension_is_read_and_converted_with_what_was_learned() -> None:
    words = standard().with_added(learn(EXPORT.splitlines()))
    rows = [ORDER[0], ("E2EDP01011", 0, 2, "000010"), ("/NS/Z1GIFT000", 2, 3, "X20260224")]
    content = ("\n".join([control(extension="ZORDERS5"), *data(rows)]) + "\n").encode()
    idoc = next(idocs([content], dictionary=words))
    (gift,) = idoc.named("_-NS_-Z1GIFT")
    assert gift.values == {"WRAP": "X", "WHEN": "20260224"}
    through = idocs([write([idoc], as_xml(), dictionary=words)], dictionary=words)
    assert write(through, as_flat(), dictionary=words) == content


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("hello", "describes no segments"),
        ("BEGIN_IDOC X\nEND_GROUP\n", "line 2: END_GROUP without BEGIN_GROUP"),
        ("BEGIN_IDOC X\nEND_SEGMENT\n", "line 2: END_SEGMENT without"),
        (EXPORT.replace("LENGTH              000015", "LENGTH              abc"), "'abc' where a number should be"),
        (EXPORT.replace("LENGTH              000015", "LENGTH              009999"), "'MENGE' that cannot be"),
    ],
)
def test_what_is_no_export_is_refused_with_its_line(text: str, why: str) -> None:
    with pytest.raises(DictionaryRefused, match=why):
        learn(text.splitlines())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[segments", "no TOML"),
        ("segments = 1", "segments must be tables"),
        ('[segments.E1X]\nfields = ["A"]', r"segments\.E1X: 'A' is no field"),
        ('[segments.E1X]\nolder = { a = "b" }', r"segments\.E1X"),
        ('[types.X]\nsegments = ["E1X"]', r"types\.X: 'E1X' is no place"),
    ],
)
def test_a_dictionary_that_is_wrong_says_where(text: str, why: str) -> None:
    with pytest.raises(DictionaryRefused, match=why):
        read_dictionary(text)
