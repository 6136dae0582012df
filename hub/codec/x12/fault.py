"""What can be wrong with an interchange: one enum, each fault tied to the code that an acknowledgement says it with.

The codes are those of TA105 (interchange), AK905 (group), AK502 (transaction set), AK304 (segment) and AK403 (element)
in release 004010, and of their IK counterparts in 005010 where these differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum


class Level(Enum):
    """Where a fault stands, named by the element of the acknowledgement that tells it."""

    INTERCHANGE = "TA105"
    GROUP = "AK905"
    SET = "AK502"
    SEGMENT = "AK304"
    ELEMENT = "AK403"


class Severity(IntEnum):
    """How bad it is: a note is for us only, a warning is told (E), an error rejects what it stands in (R)."""

    NOTE = 0
    WARNING = 1
    ERROR = 2


class FaultCode(Enum):
    """Every fault that the codec knows: level, code in 997 and TA1, plain words, severity unless said otherwise.

    A fifth value is the code in a 999 where it differs; a guide fault has no code of its own in a 997 and takes the
    nearest one.
    """

    # TA105
    ICN_MISMATCH = Level.INTERCHANGE, "001", "the control numbers of ISA13 and IEA02 differ", Severity.ERROR
    STANDARD_UNSUPPORTED = Level.INTERCHANGE, "002", "this standard is not supported", Severity.ERROR
    VERSION_UNSUPPORTED = Level.INTERCHANGE, "003", "this interchange version is not supported", Severity.ERROR
    BAD_TERMINATOR = Level.INTERCHANGE, "004", "the segment terminator is not usable", Severity.ERROR
    BAD_SENDER_QUALIFIER = Level.INTERCHANGE, "005", "the sender qualifier is not valid", Severity.ERROR
    BAD_SENDER = Level.INTERCHANGE, "006", "the sender id is not valid", Severity.ERROR
    BAD_RECEIVER_QUALIFIER = Level.INTERCHANGE, "007", "the receiver qualifier is not valid", Severity.ERROR
    BAD_RECEIVER = Level.INTERCHANGE, "008", "the receiver id is not valid", Severity.ERROR
    UNKNOWN_RECEIVER = Level.INTERCHANGE, "009", "the receiver is unknown", Severity.ERROR
    BAD_AUTHORIZATION_QUALIFIER = Level.INTERCHANGE, "010", "the authorization qualifier is not valid", Severity.WARNING
    BAD_AUTHORIZATION = Level.INTERCHANGE, "011", "the authorization information is not valid", Severity.WARNING
    BAD_SECURITY_QUALIFIER = Level.INTERCHANGE, "012", "the security qualifier is not valid", Severity.WARNING
    BAD_SECURITY = Level.INTERCHANGE, "013", "the security information is not valid", Severity.WARNING
    BAD_INTERCHANGE_DATE = Level.INTERCHANGE, "014", "the interchange date is not valid", Severity.WARNING
    BAD_INTERCHANGE_TIME = Level.INTERCHANGE, "015", "the interchange time is not valid", Severity.WARNING
    BAD_STANDARD_ID = (
        Level.INTERCHANGE,
        "016",
        "ISA11 is not valid",
        Severity.WARNING,
    )
    BAD_VERSION = Level.INTERCHANGE, "017", "the interchange version is not valid", Severity.WARNING
    BAD_ICN = Level.INTERCHANGE, "018", "the interchange control number is not valid", Severity.WARNING
    BAD_ACK_REQUESTED = Level.INTERCHANGE, "019", "the acknowledgement request is neither 0 nor 1", Severity.WARNING
    BAD_USAGE = Level.INTERCHANGE, "020", "the usage is not P, T or I", Severity.WARNING
    GROUP_COUNT = Level.INTERCHANGE, "021", "the number of groups differs from IEA01", Severity.ERROR
    CONTROL_STRUCTURE = Level.INTERCHANGE, "022", "the control segments do not fit together", Severity.ERROR
    NO_INTERCHANGE = Level.INTERCHANGE, "022", "there is no readable ISA", Severity.ERROR
    STRAY_SEGMENT = Level.INTERCHANGE, "022", "the segment stands outside every transaction set", Severity.WARNING
    ISA_WIDTH = Level.INTERCHANGE, "022", "the ISA is not 106 bytes wide", Severity.NOTE
    INTERCHANGE_TRAILER_MISSING = Level.INTERCHANGE, "023", "the interchange ends without IEA", Severity.ERROR
    BAD_CONTENT = Level.INTERCHANGE, "024", "the interchange holds what is not X12", Severity.ERROR
    DUPLICATE_INTERCHANGE = (
        Level.INTERCHANGE,
        "025",
        "this interchange number was received before",
        Severity.ERROR,
    )
    BAD_ELEMENT_SEPARATOR = Level.INTERCHANGE, "026", "the element separator is not usable", Severity.ERROR
    BAD_COMPONENT_SEPARATOR = Level.INTERCHANGE, "027", "the component separator is not usable", Severity.WARNING
    # AK905
    GROUP_UNSUPPORTED = Level.GROUP, "1", "this functional group is not supported", Severity.ERROR
    GROUP_VERSION_UNSUPPORTED = Level.GROUP, "2", "this version of the group is not supported", Severity.ERROR
    GROUP_TRAILER_MISSING = Level.GROUP, "3", "the group ends without GE", Severity.ERROR
    GROUP_NUMBER_MISMATCH = Level.GROUP, "4", "the control numbers of GS06 and GE02 differ", Severity.ERROR
    SET_COUNT = Level.GROUP, "5", "the number of transaction sets differs from GE01", Severity.ERROR
    BAD_GROUP_NUMBER = Level.GROUP, "6", "the group control number is not valid", Severity.WARNING
    DUPLICATE_GROUP = (
        Level.GROUP,
        "6",
        "the group number is not unique in its interchange",
        Severity.WARNING,
        "19",
    )
    # AK502
    SET_UNSUPPORTED = Level.SET, "1", "this transaction set is not supported", Severity.ERROR
    SET_TRAILER_MISSING = Level.SET, "2", "the transaction set ends without SE", Severity.ERROR
    SET_NUMBER_MISMATCH = Level.SET, "3", "the control numbers of ST02 and SE02 differ", Severity.ERROR
    SEGMENT_COUNT = Level.SET, "4", "the number of segments differs from SE01", Severity.ERROR
    SEGMENTS_IN_ERROR = Level.SET, "5", "one or more segments are in error", Severity.ERROR
    BAD_SET_ID = Level.SET, "6", "the transaction set id is missing or not valid", Severity.ERROR
    BAD_SET_NUMBER = Level.SET, "7", "the set control number is missing or not valid", Severity.WARNING
    SET_NOT_IN_GROUP = Level.SET, "6", "the transaction set does not belong into this group", Severity.WARNING, "18"
    DUPLICATE_SET_NUMBER = Level.SET, "23", "the set control number is not unique in its group", Severity.WARNING
    # AK304
    UNKNOWN_SEGMENT = Level.SEGMENT, "1", "the segment id is not known", Severity.WARNING
    UNEXPECTED_SEGMENT = Level.SEGMENT, "2", "the segment is not expected here", Severity.ERROR
    SEGMENT_MISSING = Level.SEGMENT, "3", "a mandatory segment is missing", Severity.ERROR
    LOOP_OVER_MAXIMUM = Level.SEGMENT, "4", "the loop occurs too often", Severity.ERROR
    SEGMENT_OVER_MAXIMUM = Level.SEGMENT, "5", "the segment occurs too often", Severity.ERROR
    SEGMENT_NOT_IN_SET = Level.SEGMENT, "6", "the segment is not part of this transaction set", Severity.WARNING
    SEGMENT_OUT_OF_SEQUENCE = Level.SEGMENT, "7", "the segment is out of sequence", Severity.ERROR
    ELEMENTS_IN_ERROR = Level.SEGMENT, "8", "the segment has elements in error", Severity.ERROR
    SEGMENT_TOO_LONG = Level.SEGMENT, "8", "the segment is too long to be one and was left out", Severity.ERROR
    GUIDE_SEGMENT_NOT_USED = Level.SEGMENT, "2", "the guide does not use this segment", Severity.WARNING, "I4"
    GUIDE_SEGMENT_MISSING = Level.SEGMENT, "3", "the guide wants this segment", Severity.ERROR, "I6"
    GUIDE_LOOP_UNDER_MINIMUM = Level.SEGMENT, "3", "the guide wants more of this loop", Severity.ERROR, "I7"
    GUIDE_SEGMENT_UNDER_MINIMUM = (
        Level.SEGMENT, "3", "the guide wants more of this segment", Severity.ERROR, "I8",
    )  # fmt: skip
    # AK403
    ELEMENT_MISSING = Level.ELEMENT, "1", "a mandatory element is missing", Severity.ERROR
    CONDITION_MISSING = Level.ELEMENT, "2", "an element is missing that another one calls for", Severity.ERROR
    TOO_MANY_ELEMENTS = Level.ELEMENT, "3", "the segment has too many elements", Severity.ERROR
    TOO_SHORT = Level.ELEMENT, "4", "the value is too short", Severity.ERROR
    TOO_LONG = Level.ELEMENT, "5", "the value is too long", Severity.ERROR
    BAD_CHARACTER = Level.ELEMENT, "6", "the value has a character that is not allowed", Severity.ERROR
    BAD_CODE = Level.ELEMENT, "7", "the code is not in the list", Severity.WARNING
    LINE_COUNT = Level.ELEMENT, "7", "the number of lines differs from CTT01", Severity.WARNING
    HASH_TOTAL = Level.ELEMENT, "7", "the sum of the quantities differs from CTT02", Severity.WARNING
    BAD_DATE = Level.ELEMENT, "8", "the date is not valid", Severity.ERROR
    BAD_TIME = Level.ELEMENT, "9", "the time is not valid", Severity.ERROR
    EXCLUSION = Level.ELEMENT, "10", "two elements stand together that exclude each other", Severity.ERROR
    TOO_MANY_REPEATS = Level.ELEMENT, "3", "the element repeats too often", Severity.ERROR, "12"
    TOO_MANY_COMPONENTS = Level.ELEMENT, "3", "the element has too many components", Severity.ERROR, "13"
    GUIDE_BAD_CODE = Level.ELEMENT, "7", "the guide does not use this code", Severity.WARNING, "I6"
    GUIDE_ELEMENT_MISSING = Level.ELEMENT, "2", "the guide wants this element", Severity.ERROR, "I9"
    GUIDE_ELEMENT_NOT_USED = (
        Level.ELEMENT,
        "3",
        "the guide does not use this element",
        Severity.WARNING,
        "I10",
    )
    GUIDE_PATTERN = (
        Level.ELEMENT,
        "6",
        "the value has not the form that the guide wants",
        Severity.ERROR,
        "I12",
    )

    def __init__(self, level: Level, ack: str, words: str, severity: Severity, ack_999: str = "") -> None:
        self.level = level
        self.ack = ack
        self.words = words
        self.severity = severity
        self.ack_999 = ack_999 or ack


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and where: everything that an acknowledgement and a person want to know of it.

    `segment` is the place of the segment in its transaction set (ST is 1; 0 when it stands in none), or where a missing
    one was expected; `tag` its id. `element`, `component` and `repeat` count from 1, 0 means the whole. `offset` is the
    byte in the input at which the segment begins, -1 when unknown. `value` is what stood there. `message` says more
    than the words of the code. `loop` is the loop's id (AK303) and `reference` the data element's number (AK402).
    `graded` overrules the severity of the code. `said` is the code of an acknowledgement as it stood there.
    """

    code: FaultCode
    segment: int = 0
    element: int = 0
    component: int = 0
    repeat: int = 0
    offset: int = -1
    value: str = ""
    message: str = ""
    tag: str = ""
    loop: str = ""
    reference: str = ""
    graded: Severity | None = None
    said: str = ""

    @property
    def severity(self) -> Severity:
        """How bad it is: `graded` where it was given, else what the code says."""
        return self.code.severity if self.graded is None else self.graded

    @property
    def level(self) -> Level:
        """Where it stands: interchange, group, set, segment or element."""
        return self.code.level

    @property
    def place(self) -> str:
        """Where it is, as people write it: `BEG03`, `PO1 (segment 7)`, `ISA13`."""
        spot = self.tag + (f"{self.element:02d}" if self.element else "")
        spot += f"-{self.component}" if self.component else ""
        spot += f" repeat {self.repeat}" if self.repeat > 1 else ""
        return f"{spot} (segment {self.segment})" if self.segment else spot

    def __str__(self) -> str:
        """Say it in one line."""
        shown = f" {self.value[:80]!r}" if self.value else ""
        where = f"{self.place}{shown}: " if self.place or shown else ""
        return f"{where}{self.message or self.code.words}"
