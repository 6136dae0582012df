"""What the standard itself asks of a transaction set: our own grammar as data, and one walk that holds sets against it.

`standard(version).walker(code)` walks through the segments of one set: it says in which loop each one stands, and what
is wrong. Sets, segments and elements are described in `data/<release>/`; 005010 holds what differs from 004010.
"""
