"""The models, and the queries that several rooms need."""

from .audit import AuditEvent
from .caps import Cap, CapUse
from .collections import (
    Collection,
    CollectionItem,
    ReadMarker,
    Remark,
    ShareLink,
    ShareVisit,
    Verdict,
)
from .credentials import Credential
from .events import Event
from .files import File
from .films import Cut, CutPiece, Film, Segment, Take
from .installation import Installation
from .leases import Heartbeat, Lease
from .ledger import Account, BalanceFall, DayTotal, Entry, Line, Total
from .offers import OfferChange
from .people import Invitation, Membership, Role, Team, User
from .prices import CredentialPrice
from .statements import Claim, Statement, StatementLine
from .tasks import Attempt, Callback, Task
from .uploads import TaskPicture, Upload

__all__ = [
    "Account",
    "Attempt",
    "AuditEvent",
    "BalanceFall",
    "Callback",
    "Cap",
    "CapUse",
    "Claim",
    "Collection",
    "CollectionItem",
    "Credential",
    "CredentialPrice",
    "Cut",
    "CutPiece",
    "DayTotal",
    "Entry",
    "Event",
    "File",
    "Film",
    "Heartbeat",
    "Installation",
    "Invitation",
    "Lease",
    "Line",
    "Membership",
    "OfferChange",
    "ReadMarker",
    "Remark",
    "Role",
    "Segment",
    "ShareLink",
    "ShareVisit",
    "Statement",
    "StatementLine",
    "Take",
    "Task",
    "TaskPicture",
    "Team",
    "Total",
    "Upload",
    "User",
    "Verdict",
]
