"""What a code of NetSuite's means to the hub: one table, by code, never by text or by the name of a fault.

The names of faults lie: an `invalidCredentialsFault` carrying UNEXPECTED_ERROR is on record. Every code here exists in
the published 2023.2 schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from hub.contract import (
    AccessDenied,
    ConnectorError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    TemporaryFailure,
)
from hub.log import EventLog

_LOG = EventLog(__name__)
#: Seconds that the whole account waits after it was too fast; one second three times was too little for others.
COOL_DOWN = 5.0


class Meaning(Enum):
    """The classes that codes fall into."""

    THROTTLE = auto()
    TRANSIENT = auto()
    CHANGED = auto()
    DUPLICATE = auto()
    LOGIN = auto()
    PERMISSION = auto()
    ABSENT = auto()
    DATA = auto()
    BATCH = auto()
    PAGING = auto()


_CODES: Mapping[Meaning, str] = {
    Meaning.THROTTLE: """
        WS_CONCUR_SESSION_DISALLWD WS_REQUEST_BLOCKED CONCURRENCY_LIMIT_EXCEEDED EXCEEDED_MAX_CONCUR_RQST
        WS_EXCEEDED_CONCUR_USERS_ALLWD EXCEEDED_MAX_SESSIONS CONCUR_SEARCH_DISALLWD CONCUR_BULK_JOB_DISALLWD
        SSS_REQUEST_LIMIT_EXCEEDED exceededRequestLimitFault exceededConcurrentRequestLimitFault""",
    Meaning.TRANSIENT: """
        UNEXPECTED_ERROR UNEXPECTED_FAILURE ACCT_TEMP_UNAVAILABLE SESSION_TIMED_OUT INVALID_SESSION SEARCH_TIMED_OUT
        ABORT_SEARCH_EXCEEDED_MAX_TIME EXCEEDED_MAX_TIME SSS_APP_SERVER_RESTART SSS_REQUEST_TIME_EXCEEDED
        SSS_CONNECTION_TIME_OUT JOB_NOT_COMPLETE""",
    Meaning.CHANGED: "RCRD_HAS_BEEN_CHANGED CANT_UPDATE_RECRD_HAS_CHANGED RCRD_DELETED_SINCE_RETRIEVED",
    Meaning.DUPLICATE: """
        DUP_RCRD DUP_ENTITY DUP_ENTITY_NAME DUP_ENTITY_EMAIL DUP_TRANS DUP_ITEM DUP_ITEM_NAME DUP_VENDOR_NAME DUP_NAME
        DUPLICATE_KEYS CONTACT_ALREADY_EXISTS""",
    Meaning.LOGIN: """
        INVALID_LOGIN_ATTEMPT INVALID_LOGIN INVALID_LOGIN_CREDENTIALS INVALID_LOGIN_IP LOGIN_DISABLED INVALID_ACCT
        INVALID_ROLE WS_FEATURE_REQD WS_PERMISSION_REQD""",
    Meaning.PERMISSION: """
        INSUFFICIENT_PERMISSION INSUFFICIENT_FLD_PERMISSION PERMISSION_VIOLATION FEATURE_UNAVAILABLE INVALID_WS_VERSION
        UNSUPPORTED_WS_VERSION UPGRADE_WS_VERSION WRONG_DC_OR_VERSION""",
    Meaning.ABSENT: "RCRD_DSNT_EXIST TRANS_DSNT_EXIST NONEXISTENT_EXTERNAL_ID",
    Meaning.DATA: """
        INVALID_KEY_OR_REF INVALID_REF_KEY INVALID_RCRD_REF MISSING_REQD_FLD USER_ERROR INVALID_INITIALIZE_REF
        FULFILL_REQD_FIELDS_MISSING CLOSED_TRAN_PRD TRAN_PRD_CLOSED INVALID_TRAN_ITEM_LINE ITEM_IS_UNAVAILABLE
        DATA_MUST_BE_UNIQUE EXCEEDED_MAX_TRANS_LINES INVALID_SEARCH_PAGE_SIZE""",
    Meaning.BATCH: """
        MAX_RCRDS_EXCEEDED EXCEEDED_RQST_SIZE_LIMIT exceededRecordCountFault exceededRequestSizeFault""",
    Meaning.PAGING: "INVALID_JOB_ID INVALID_PAGE_INDEX",
}
MEANINGS: Mapping[str, Meaning] = {code: meaning for meaning, codes in _CODES.items() for code in codes.split()}

_TODO: Mapping[Meaning, str] = {
    Meaning.LOGIN: "check account, token and role of the integration, and that this machine's clock is right; NetSuite "
    "locks an account after repeated failures, so nothing more is sent until then",
    Meaning.PERMISSION: "give the token's role the permission that NetSuite names; `crossdock connection check` says "
    "when it works",
    Meaning.DATA: "correct the record or what it refers to in NetSuite, then rerun",
    Meaning.ABSENT: "make the record that is referred to in NetSuite, or correct the id, then rerun",
    Meaning.DUPLICATE: "look at the record of this external id in NetSuite: it is another than ours",
}


class AlreadyThere(Rejected):
    """NetSuite has a record under this key; who sent it compares before believing."""


class NotThere(Rejected):
    """NetSuite has no record under this key."""


class TooMany(TemporaryFailure):
    """More records than one call may carry: half as many go next time."""


def error_for(code: str, message: str, what: str, *, writes: bool) -> ConnectorError:
    """Return the error that a refusal means; unknown codes are permanent for writes and pass for reads."""
    said = f"{what}: {code or 'no code'}: {message}".strip()
    meaning = MEANINGS.get(code)
    todo = _TODO.get(meaning, "nothing, when it passes") if meaning else "read NetSuite's words, correct it, then rerun"
    tag = f"netsuite {code}" if code else "netsuite fault"
    if meaning is Meaning.THROTTLE:
        return RateLimited(said, after=COOL_DOWN, todo=todo, code=tag)
    if meaning is None:
        _LOG.warning("netsuite_unknown_code", code=code, said=message[:200])
    kind = _CLASSES.get(meaning) if meaning else _unknown(code, writes=writes)
    if meaning is Meaning.TRANSIENT and writes:
        kind, todo = OutcomeUnknown, "nothing: the hub asks whether it was done before it sends again"
    return (kind or TemporaryFailure)(said, todo=todo, code=tag)


def _unknown(code: str, *, writes: bool) -> type[ConnectorError]:
    if not writes:
        return TemporaryFailure
    return Rejected if code else OutcomeUnknown


_CLASSES: Mapping[Meaning, type[ConnectorError]] = {
    Meaning.TRANSIENT: TemporaryFailure,
    Meaning.CHANGED: TemporaryFailure,
    Meaning.PAGING: TemporaryFailure,
    Meaning.BATCH: TooMany,
    Meaning.DUPLICATE: AlreadyThere,
    Meaning.LOGIN: AccessDenied,
    Meaning.PERMISSION: AccessDenied,
    Meaning.ABSENT: NotThere,
    Meaning.DATA: Rejected,
}
