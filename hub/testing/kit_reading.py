"""Reading: the same document has the same key for ever, nothing is skipped, and one bad record stops nobody."""

from __future__ import annotations

from hub.contract import BadRecord, Connector, Page, RawItem
from hub.model.base import Record
from hub.model.document import RECORDS
from hub.testing.bench import Bench
from hub.testing.drive import expect, first_page, fresh_context, need, opened, read_all


class Reading:
    """What comes in comes in whole, however often we are interrupted."""

    def test_the_same_input_has_the_same_keys(self, bench: Bench) -> None:
        """A page read twice (we died before it was safe) has the same keys for the same bytes, and no key twice."""
        need(bench, inbound=True)
        bench.place(3)
        pages = []
        for _ in range(2):
            with opened(bench) as connector:
                pages.append(first_page(connector, bench.inbound))
        once, again = pages
        expect(once.items, "three documents wait and the first page is empty")
        _no_key_twice(once)
        expect(_by_key(once) == _by_key(again), _differing(once, again))

    def test_stopping_after_the_first_page_leaves_no_gap(self, bench: Bench) -> None:
        """After page 1 is safe the process may die: the next one goes on from its cursor and misses nothing."""
        need(bench, inbound=True)
        bench.place(bench.several_pages)
        context = fresh_context()
        with opened(bench, context) as connector:
            page = first_page(connector, bench.inbound)
        first = {item.key for item in page.items}
        with opened(bench, context) as connector:
            rest, _ = read_all(connector, bench.inbound, page.cursor)
        contents = {item.content for item in (*page.items, *rest)}
        got = len(first | {item.key for item in rest})
        expect(rest, f"several_pages={bench.several_pages} documents fit on one page: raise it")
        expect(
            got >= bench.several_pages, f"of {bench.several_pages} documents {got} came: there is a gap after page 1"
        )
        expect(len(contents) == got, f"{got} keys stand for {len(contents)} different documents")

    def test_what_was_read_is_not_read_again(self, bench: Bench) -> None:
        """From the last cursor on there is nothing new, until something new is there."""
        need(bench, inbound=True)
        bench.place(3)
        context = fresh_context()
        with opened(bench, context) as connector:
            items, cursor = read_all(connector, bench.inbound)
        known = {item.key for item in items}
        with opened(bench, context) as connector:
            again, cursor = read_all(connector, bench.inbound, cursor)
            new = {item.key for item in again} - known
            expect(not new, f"the same documents come under new keys: {sorted(new)[:3]}")
        bench.place(1)
        with opened(bench, context) as connector:
            later, _ = read_all(connector, bench.inbound, cursor)
        expect({item.key for item in later} - known, "a document placed after the last page never comes")

    def test_one_bad_record_is_parked_and_the_rest_arrives(self, bench: Bench) -> None:
        """`parse` yields the unreadable record as a BadRecord that says which and why, and every other as a record."""
        need(bench, inbound=True)
        good = bench.place_bad()
        with opened(bench) as connector:
            parsed = [
                each for item in read_all(connector, bench.inbound)[0] for each in _parsed(bench, connector, item)
            ]
        bad = [each for each in parsed if isinstance(each, BadRecord)]
        expect(len(bad) == 1, f"one record is unreadable and {len(bad)} were yielded as BadRecord")
        expect(bad[0].what.strip() and bad[0].record.strip(), "the BadRecord does not say what is wrong or which it is")
        expect(len(parsed) - 1 == good, f"{good} readable records stand beside the bad one and {len(parsed) - 1} came")

    def test_parsing_is_pure(self, bench: Bench) -> None:
        """The same bytes give the same records, on another connection and without the partner's help."""
        need(bench, inbound=True)
        bench.place(2)
        with opened(bench) as connector:
            items, _ = read_all(connector, bench.inbound)
            once = [_comparable(each) for item in items for each in _parsed(bench, connector, item)]
        with opened(bench) as connector:
            again = [_comparable(each) for item in items for each in _parsed(bench, connector, item)]
        expect(once, "two documents were read and no record came of them")
        expect(once == again, "parsing the same bytes twice gives different records")


def _parsed(bench: Bench, connector: Connector, item: RawItem) -> list[Record | BadRecord]:
    name = item.document or bench.inbound
    kind = next(each.kind for each in connector.documents() if each.name == name)
    found = list(connector.parse(name, item))
    for each in found:
        right = isinstance(each, BadRecord | RECORDS[kind])
        expect(right, f"parse yields a {type(each).__name__} for a document of {kind}")
    return found


def _comparable(each: Record | BadRecord) -> object:
    return (each.what, each.record, each.field) if isinstance(each, BadRecord) else each


def _by_key(page: Page) -> dict[str, bytes]:
    return {item.key: item.content for item in page.items}


def _no_key_twice(page: Page) -> None:
    keys = [item.key for item in page.items]
    expect(len(set(keys)) == len(keys), f"two documents share a key: {sorted(keys)[:4]}")


def _differing(once: Page, again: Page) -> str:
    first, second = set(_by_key(once)), set(_by_key(again))
    return f"the same documents came under other keys or bytes: {sorted(first)[:3]}, then {sorted(second)[:3]}"
