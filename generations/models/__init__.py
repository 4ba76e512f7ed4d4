"""Floor 1: the records, and the questions that are asked about them."""

from .audit import Event
from .caps import Cap, Used
from .collections import (
    Collection,
    CollectionItem,
    Glance,
    Remark,
    ShareLink,
    ShareVisit,
    Verdict,
)
from .credentials import Credential
from .files import File
from .films import Composition, Film, Ingredient, Strip, Take
from .installation import Installation
from .leases import Lease, Pulse
from .ledger import Account, DayTotal, Entry, Line, Total
from .people import Invitation, Membership, Role, Team, User
from .statements import Claim, Statement, StatementLine
from .tasks import Attempt, Callback, Task
from .uploads import TaskPicture, Upload

__all__ = [
    "Account",
    "Attempt",
    "Callback",
    "Cap",
    "Claim",
    "Collection",
    "CollectionItem",
    "Composition",
    "Credential",
    "DayTotal",
    "Entry",
    "Event",
    "File",
    "Film",
    "Glance",
    "Ingredient",
    "Installation",
    "Invitation",
    "Lease",
    "Line",
    "Membership",
    "Pulse",
    "Remark",
    "Role",
    "ShareLink",
    "ShareVisit",
    "Statement",
    "StatementLine",
    "Strip",
    "Take",
    "Task",
    "TaskPicture",
    "Team",
    "Total",
    "Upload",
    "Used",
    "User",
    "Verdict",
]
