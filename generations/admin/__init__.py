"""The credit audit and the operator's pages, in Django's own admin site."""

from . import (
    audit,
    authentication,
    caps,
    claims,
    collections,
    credentials,
    files,
    films,
    installation,
    ledger,
    people,
    site,
    statements,
    tasks,
    uploads,
)

__all__ = [
    "audit",
    "authentication",
    "caps",
    "claims",
    "collections",
    "credentials",
    "files",
    "films",
    "installation",
    "ledger",
    "people",
    "statements",
    "tasks",
    "uploads",
]

site.arrange()
