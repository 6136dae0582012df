# ruff: noqa: E501 - the messages stand here as they are printed
"""What is wrong with a mapping file is told all at once, each at its line and column, with what to do."""

from __future__ import annotations

import pytest

from tests.mapping.lab import HEAD, Lab

#: Eight lines, so that what a case adds begins on line 9.
STOCK = """\
[documents.stock]
direction = "in"
makes = "stock_level"
mode = "snapshot"
files = "/out/*.csv"
[documents.stock.fields]
sku = "Item"
"""
ORDER = """\
[documents.order]
direction = "out"
takes = "purchase_order"
files = "/in/{number}.csv"
rows = "lines"
[documents.order.fields]
PO = "number"
"""
CASES = {
    "toml that cannot be read": (
        """\
""",
        """\
x = [
""",
        """\
acme.toml:2:1: not valid TOML: a list is opened with [ and not closed
""",
    ),
    "another version and an unknown section": (
        """\
""",
        """\
version = 2
extra = 1
""",
        """\
acme.toml:1:1: [connection] needs a connector; known: files, shop
acme.toml:1:1: [partner] is missing: it needs at least code and role
acme.toml:1:11: version must be 1, which is the format that this release reads
acme.toml:2:1: unknown setting 'extra'; known: connection, documents, extends, nodes, partner, tables, units, version
""",
    ),
    "a partner that the model refuses": (
        """\
version = 1
[partner]
code = "acme"
role = "suplier"
nmae = "x"
timezone = "Mars/Base"
[connection]
connector = "files"
url = "sftp://x"
""",
        """\
""",
        """\
acme.toml:4:8: partner.role: must be 'supplier', 'warehouse', 'store', '3pl' or 'channel'
acme.toml:5:1: unknown setting 'nmae'; did you mean 'name'?
acme.toml:6:12: partner.timezone: 'Mars/Base' is not a time zone name such as 'America/Chicago'
""",
    ),
    "a file without a partner and a connector": (
        """\
version = 1
""",
        """\
[connection]
url = "x"
""",
        """\
acme.toml:1:1: [partner] is missing: it needs at least code and role
acme.toml:2:1: [connection] needs a connector; known: files, shop
""",
    ),
    "agreements and nodes that the model refuses": (
        HEAD,
        """\
[partner.agreement]
ship_huors = 3
stock_nets = "all"
[nodes.A]
code="B"
kind="stor"
[nodes.B]
capacity_per_day = -1
""",
        """\
acme.toml:10:1: unknown setting 'ship_huors'; did you mean 'ship_hours'?
acme.toml:11:14: partner.agreement.stock_nets: must be 'shipments' or 'orders'
acme.toml:13:1: code is known: the node is 'A' of 'acme'
acme.toml:14:6: nodes.A.kind: must be 'warehouse', 'store', '3pl' or 'supplier'
acme.toml:16:20: nodes.B.capacity_per_day: must be greater than or equal to 0
""",
    ),
    "an unknown connector": (
        """\
version = 1
[partner]
code = "acme"
role = "supplier"
timezone = "America/Chicago"
[connection]
connector = "fils"
url = "sftp://x"
""",
        """\
""",
        """\
acme.toml:7:13: connector cannot be 'fils'; did you mean 'files'?
""",
    ),
    "secrets in the wrong places": (
        """\
version = 1
[partner]
code = "acme"
role = "supplier"
timezone = "America/Chicago"
[connection]
connector = "files"
url = "secret:acme_sftp"
pasword = "x"
password = "hunter2"
[connection.waits]
connect = "soon"
key = "secret:nobody"
""",
        """\
""",
        """\
acme.toml:8:7: url is not a secret and cannot be looked up; write its value, or put the secret elsewhere
acme.toml:9:1: unknown setting 'pasword'; did you mean 'password'?
acme.toml:10:12: password is a secret and is never written here: put it in the secrets folder and write "secret:NAME"
acme.toml:12:11: connection.waits.connect: must be a valid integer, unable to parse string as an integer
acme.toml:13:7: secret 'nobody' is not known: `crossdock secret set nobody`, or put it in the environment
""",
    ),
    "settings that the connector does not have": (
        """\
version = 1
[partner]
code = "acme"
role = "supplier"
timezone = "America/Chicago"
[connection]
connector = "files"
url = "sftp://x"
url2="x"
[connection.waits]
conect = 3
""",
        """\
""",
        """\
acme.toml:9:1: unknown setting 'url2'; did you mean 'url'?
acme.toml:11:1: unknown setting 'conect'; did you mean 'connect'?
""",
    ),
    "a needed field that nothing makes": (
        HEAD,
        STOCK,
        """\
acme.toml:14:1: 'stock_level' needs 'quantity' and nothing makes it
""",
    ),
    "a misspelt field is told once": (
        HEAD,
        STOCK
        + """\
quantiy = "Qty"
""",
        """\
acme.toml:16:1: 'stock_level' has no field 'quantiy'; did you mean 'quantity'?
""",
    ),
    "verbs, functions, tables and formats that do not exist": (
        HEAD,
        STOCK
        + """\
quantity = { from = "Qty", tabel = "status" }
safety = { formula = "max(2, rond(1))" }
status = { from = "S", table = "statuses" }
as_of = { from = "U", format = "%m/%q" }
[tables.status]
A = "active"
""",
        """\
acme.toml:16:28: unknown setting 'tabel'; did you mean 'table'?
acme.toml:17:30: safety: formula column 8: unknown function 'rond'; did you mean 'round'?
acme.toml:18:32: table 'statuses' is not defined; did you mean 'status'?
acme.toml:19:36: format: unknown '%q'; known: %Y %y %m %d %H %I %M %S %f %p %b %B %z
""",
    ),
    "fields made from nothing, from two things, from a number": (
        HEAD,
        STOCK
        + """\
quantity = { form = "Qty" }
safety = { from = "A", value = 1 }
status = 5
location = ""
as_of = { from = " " }
""",
        """\
acme.toml:16:1: quantity needs exactly one of from, value, formula; found none
acme.toml:16:14: unknown setting 'form'; did you mean 'from'?
acme.toml:17:1: safety needs exactly one of from, value, formula; found from and value
acme.toml:18:10: status must be a column name in quotes, or a table such as { value = 5 }
acme.toml:19:12: location is made from nothing; name a column
acme.toml:20:18: as_of is made from nothing; name a column
""",
    ),
    "verbs that a field has no use for": (
        HEAD,
        STOCK
        + """\
quantity = { from = "Q", type = "date", pad = 3, places = 20, min = "x", format = "%d" }
status = { value = "active", table = "s", default = "x" }
as_of = { value = "soon" }
""",
        """\
acme.toml:16:33: quantity is a number; type can be integer or decimal
acme.toml:16:41: pad has no use here: quantity is a number
acme.toml:16:59: places must be a whole number from 0 to 9
acme.toml:16:69: min must be a number
acme.toml:16:74: format has no use here: quantity is a number
acme.toml:17:30: table has no use here: status is always 'active'
acme.toml:17:38: table 's' is not defined; known: units
acme.toml:17:43: default has no use here: status is always 'active'
acme.toml:18:19: as_of cannot be 'soon': 'soon' is no date as 2026-11-20T06:00:00Z; declare its `format`, such as '%m/%d/%Y'
""",
    ),
    "constants, tables and units that do not fit": (
        HEAD,
        STOCK
        + """\
quantity = { from = "Q", default = "many", optional = true }
status = { from = "S", table = "s", default = 5 }
[tables.s]
A = "activ"
B = ["x"]
[tables.e]
[units]
EA = 0
CS = "x"
BX = nan
""",
        """\
acme.toml:16:36: quantity cannot be 'many': 'many' is not a plain number (digits, one sign, at most 15 before and 9 after the point)
acme.toml:17:47: status cannot be 5: must be active or discontinued
acme.toml:19:5: status cannot be 'activ': must be active or discontinued
acme.toml:20:5: B must be a text, a number, true or false
acme.toml:21:1: table 'e' is empty
acme.toml:23:6: unit 'EA' must hold more than zero of our selling unit
acme.toml:24:6: CS must be a number
acme.toml:25:6: BX must be a number
""",
    ),
    "a direction that does not exist": (
        HEAD,
        """\
[documents.stock]
direction = "inn"
makes = "stock_level"
[documents.stock.fields]
sku = "Item"
""",
        """\
acme.toml:10:13: direction cannot be 'inn'; did you mean 'in'?
""",
    ),
    "a document without files and mode, and with the wrong verb": (
        HEAD,
        """\
[documents.stock]
direction = "in"
takes = "stock_level"
[documents.stock.fields]
sku = "Item"
""",
        """\
acme.toml:9:1: document stock must say what it makes: one of stock_level, catalogue_entry, expected_receipt, stock_adjustment, acknowledgement, shipment, invoice, sales_order, sales_order_change
acme.toml:9:1: files is missing: which files these are, such as "/out/inventory*.csv"
acme.toml:11:1: a document with direction = "in" makes something; takes is for the other
""",
    ),
    "a dialect that cannot be read": (
        HEAD,
        """\
[documents.stock]
direction = "in"
makes = "stock_level"
rows = "lines"
encoding = "utf-9"
delimiter = ";;"
quote = ";"
skip_when = "1 + 1"
format = "cvs"
decimal = "."
thousands = "."
line_end = "cr"
files = "/out/*.csv"
[documents.stock.fields]
sku = "Item"
quantity = "Q"
""",
        """\
acme.toml:9:1: mode is missing: "snapshot" (what the file does not list is gone) or "delta" (it has not changed)
acme.toml:12:1: rows has no use here: every row of a table is read
acme.toml:13:12: encoding cannot be 'utf-9'; did you mean 'utf-8'?
acme.toml:14:13: delimiter must be one character, got ';;'; write ";"
acme.toml:16:13: skip_when must be true or false; the formula gives a number
acme.toml:17:10: format cannot be 'cvs'; did you mean 'csv'?
acme.toml:19:13: decimal and thousands are both '.'; declare the other one too
acme.toml:20:12: line_end cannot be 'cr'; did you mean 'crlf'?
""",
    ),
    "marks that cannot separate anything": (
        HEAD,
        """\
[documents.stock]
direction = "in"
makes = "stock_level"
mode = "all"
delimiter = "a"
quote = "\\n"
skip_when = "col[1]"
decimal = "-"
files = "/out/*.csv"
[documents.stock.fields]
sku = "Item"
quantity = "Q"
""",
        """\
acme.toml:12:8: mode cannot be 'all'; known: delta, snapshot
acme.toml:13:13: delimiter cannot be 'a'
acme.toml:14:9: quote cannot be '\\n'
acme.toml:15:18: skip_when: formula column 5: a column's name must stand here in quotes
acme.toml:16:11: decimal cannot be '-'
""",
    ),
    "an outbound document with inbound settings and unknown fields": (
        HEAD,
        """\
[documents.order]
direction = "out"
takes = "purchase_order"
files = "/in/x.csv"
rows = "line"
skip_when="x"
mode="delta"
[documents.order.fields]
PO = "number"
Item = "line.sku"
X = "nmber"
Y = { formula = "nmbr" }
Z = { from = "service", table = "t" }
[tables.t]
A = "x"
B = "x"
""",
        """\
acme.toml:12:9: files must hold {number}, or one file would overwrite the other
acme.toml:13:8: rows cannot be 'line'; did you mean 'lines'?
acme.toml:14:1: skip_when has no use here: it leaves out rows that come in
acme.toml:15:1: mode has no use here; it is for catalogue_entry and expected_receipt and stock_level
acme.toml:18:8: 'line.sku' is a field of a line: declare rows = "lines" to write a row for each
acme.toml:19:5: 'purchase_order' has no field 'nmber'; did you mean 'number'?
acme.toml:20:18: Y: formula column 1: unknown field 'nmbr'; did you mean 'number'?
acme.toml:21:33: table 't' has 2 codes for 'x' (A, B); say which one to send: prefer = 'A'
""",
    ),
    "an outbound document with useless verbs and unclear tables": (
        HEAD,
        """\
[documents.order]
direction = "out"
takes = "purchase_order"
files = "/in/{number}_{nope}.csv"
rows = "lines"
[documents.order.fields]
PO = "number"
Q = { from = "line.quantity", unit_from = "X", optional = true, format = "%d" }
Z = { from = "service", table = "t", prefer = "C" }
P = { from = "service", prefer = 5 }
[tables.t]
A = "x"
B = "x"
""",
        """\
acme.toml:12:23: files: 'purchase_order' has no field 'nope'; did you mean 'note'?
acme.toml:16:31: unit_from has no use here: it reads units that come in
acme.toml:16:48: optional has no use here: it is for columns that come in
acme.toml:16:65: format has no use here: Q is a number
acme.toml:17:33: table 't' has 2 codes for 'x' (A, B); say which one to send: prefer = 'A'
acme.toml:17:47: prefer: 'C' is not in table 't'; known: A, B
acme.toml:18:34: prefer must be one of the table's codes, or a list of them
""",
    ),
    "documents that are none": (
        HEAD,
        """\
[documents]
stock = 5
[documents.Bad-Name]
direction = "in"
makes = "purchase_order"
files = "x"
""",
        """\
acme.toml:10:9: [documents.stock] must be a table
acme.toml:11:1: a document is named in small letters, digits and _, not 'Bad-Name'
acme.toml:11:1: document Bad-Name has no fields
acme.toml:13:9: makes cannot be 'purchase_order'; did you mean 'sales_order'?
""",
    ),
    "inbound tests that cannot be run": (
        HEAD,
        STOCK
        + """\
quantity = "Q"
[[documents.stock.tests]]
name = 5
givn = "x"
expect = "x"
bad = 3
[[documents.stock.tests]]
given = "x"
bad = [{ row = 3 }]
""",
        """\
acme.toml:17:1: given must be the text of a file
acme.toml:18:8: name must be a text in quotes
acme.toml:19:1: unknown setting 'givn'; did you mean 'given'?
acme.toml:20:10: expect must be a list of records
acme.toml:21:7: bad must be a list such as [{ record = "row 3", field = "quantity" }]
acme.toml:24:10: unknown 'row'; known: code, field, record, what
""",
    ),
    "outbound tests that cannot be run": (
        HEAD,
        ORDER
        + """\
[[documents.order.tests]]
given = "x"
expect = []
""",
        """\
acme.toml:17:9: given must be a record
acme.toml:18:10: expect must be the text of a file
""",
    ),
    "tests inside the fields": (
        HEAD,
        STOCK
        + """\
quantity = "Q"
tests = 4
""",
        """\
acme.toml:17:9: tests must be a column name in quotes, or a table such as { value = 4 }
""",
    ),
    "two rules for one field, and an unknown one": (
        HEAD,
        """\
[documents.ack]
direction = "in"
makes = "acknowledgement"
files = "x"
mode = "delta"
[documents.ack.fields]
line.quantity = "Q"
quantity = "Q2"
record.nope = "X"
""",
        """\
acme.toml:13:1: mode has no use here; it is for catalogue_entry and expected_receipt and stock_level
acme.toml:14:1: 'acknowledgement' needs 'order_number' and nothing makes it
acme.toml:15:6: line.quantity and quantity make the same field
acme.toml:17:8: 'acknowledgement' has no field 'record.nope'; known: acknowledged_at, backordered, change, change_number, currency, line.backordered, line.change, line.line_id, line.line_number, line.name, line.ordered, line.outcome, ...
""",
    ),
    "a line that lacks its price": (
        HEAD,
        """\
[documents.inv]
direction = "in"
makes = "invoice"
files = "x"
[documents.inv.fields]
invoice_number = "I"
order_number = "O"
quantity = "Q"
""",
        """\
acme.toml:13:1: 'invoice' needs 'line.price' and nothing makes it
""",
    ),
    "an order that lacks nearly everything": (
        HEAD,
        """\
[documents.so]
direction = "in"
makes = "sales_order"
files = "x"
[documents.so.fields]
order_id = "I"
""",
        """\
acme.toml:13:1: 'sales_order' needs 'currency' and nothing makes it
acme.toml:13:1: 'sales_order' needs 'line.line_id' and nothing makes it
acme.toml:13:1: 'sales_order' needs 'line.quantity' and nothing makes it
acme.toml:13:1: 'sales_order' needs 'number' and nothing makes it
acme.toml:13:1: 'sales_order' needs 'placed_at' and nothing makes it
acme.toml:13:1: 'sales_order' needs 'updated_at' and nothing makes it
""",
    ),
    "values of the wrong type": (
        HEAD,
        STOCK
        + """\
quantity = { from = "Q", unit_from = 5, default = inf, decimal = "..", trailing_sign = 1, optional = "x" }
as_of = { formula = "1 + 1" }
safety = { formula = 5 }
status = { from = "x", default = [1] }
""",
        """\
acme.toml:16:38: unit_from must be a text in quotes
acme.toml:16:51: default must be a plain number
acme.toml:16:66: decimal must be one character, got '..'
acme.toml:16:88: trailing_sign must be true or false
acme.toml:16:102: optional must be true or false
acme.toml:17:21: as_of needs a date; the formula gives a number
acme.toml:18:22: formula must be a text in quotes
acme.toml:19:34: default must be a text, a number, true or false
""",
    ),
    "tests that are no list and an optional column that is needed": (
        HEAD,
        """\
[documents.stock]
direction = "in"
makes = "stock_level"
mode = "snapshot"
tests = 4
delimiter = ";"
quote = ";"
files = "/out/*.csv"
[documents.stock.fields]
sku = "Item"
quantity = { from = "Q", optional = true }
""",
        """\
acme.toml:13:1: tests are written as [[documents.stock.tests]]
acme.toml:15:9: delimiter and quote are both ';'
acme.toml:19:26: every record needs quantity: an optional column must declare a default
""",
    ),
    "documents inside the connection": (
        HEAD,
        """\
documents = 5
""",
        """\
acme.toml:9:1: unknown setting 'documents'; known: password, ready, url, waits
""",
    ),
    "documents that say too little": (
        HEAD,
        """\
[documents.x]
direction = "in"
[documents.y]
makes = "x"
""",
        """\
acme.toml:9:1: document x has no fields
acme.toml:9:1: document x must say what it makes: one of stock_level, catalogue_entry, expected_receipt, stock_adjustment, acknowledgement, shipment, invoice, sales_order, sales_order_change
acme.toml:9:1: files is missing: which files these are, such as "/out/inventory*.csv"
acme.toml:11:1: document y needs a direction: "in" (from the partner) or "out" (to it)
""",
    ),
}


@pytest.mark.parametrize(("head", "text", "expected"), CASES.values(), ids=CASES)
def test_every_problem_is_told_at_its_place(lab: Lab, head: str, text: str, expected: str) -> None:
    assert lab.problems(text, head=head) == expected.splitlines()
