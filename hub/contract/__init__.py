"""What a connector is: few verbs, capabilities said as data, and errors whose class alone decides what happens next.

A connector returns canonical records and never touches the store. What it needs of the hub (counters, remembered
state, pacing, the clock) comes in through the narrow `Context`. Blocking calls are right: each connection has threads
of its own.
"""

from __future__ import annotations

from hub.contract.connector import ENTRY_POINT_GROUP, Connector, Cuts, Hears, Knock, Looks, Plugin, Recounts, redact
from hub.contract.errors import (
    WHOLE,
    AccessDenied,
    BadRecord,
    ConnectorError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    TemporaryFailure,
)
from hub.contract.flow import (
    About,
    Absent,
    CannotTell,
    DocumentSpec,
    Finding,
    Found,
    Health,
    Mode,
    Outbound,
    Pace,
    Page,
    Point,
    RawItem,
    Receipt,
)
from hub.contract.lent import UNKNOWN_CODES, Context, Limiter, Numbers
from hub.contract.profile import Profile, Rendered, Translator

__all__ = [
    "ENTRY_POINT_GROUP",
    "UNKNOWN_CODES",
    "WHOLE",
    "About",
    "Absent",
    "AccessDenied",
    "BadRecord",
    "CannotTell",
    "Connector",
    "ConnectorError",
    "Context",
    "Cuts",
    "DocumentSpec",
    "Finding",
    "Found",
    "Health",
    "Hears",
    "Knock",
    "Limiter",
    "Looks",
    "Mode",
    "Numbers",
    "Outbound",
    "OutcomeUnknown",
    "Pace",
    "Page",
    "Plugin",
    "Point",
    "Profile",
    "RateLimited",
    "RawItem",
    "Receipt",
    "Recounts",
    "Rejected",
    "Rendered",
    "TemporaryFailure",
    "Translator",
    "redact",
]
