"""Floor 5: the credit audit and the operator's view, in Django's own admin site."""

from . import (
    audit,
    collections,
    credentials,
    files,
    films,
    installation,
    ledger,
    people,
    signin,
    site,
    tasks,
    uploads,
)

__all__ = [
    "audit",
    "collections",
    "credentials",
    "files",
    "films",
    "installation",
    "ledger",
    "people",
    "signin",
    "tasks",
    "uploads",
]

site.arrange()
