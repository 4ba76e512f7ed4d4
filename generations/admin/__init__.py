"""The credit audit and the operator's pages, in Django's own admin site."""

from . import (
    claims,
    collections,
    credentials,
    files,
    films,
    installation,
    ledger,
    offers,
    people,
    site,
    statements,
    tasks,
)

__all__ = [
    "claims",
    "collections",
    "credentials",
    "files",
    "films",
    "installation",
    "ledger",
    "offers",
    "people",
    "statements",
    "tasks",
]

site.arrange()
