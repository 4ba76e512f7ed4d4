"""Floor 5: the credit audit and the operator's view, in Django's own admin site."""

from . import (
    audit,
    caps,
    claims,
    collections,
    credentials,
    files,
    films,
    installation,
    ledger,
    people,
    signin,
    site,
    statements,
    tasks,
    uploads,
)

__all__ = [
    "audit",
    "caps",
    "claims",
    "collections",
    "credentials",
    "files",
    "films",
    "installation",
    "ledger",
    "people",
    "signin",
    "statements",
    "tasks",
    "uploads",
]

site.arrange()
