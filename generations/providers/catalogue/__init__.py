"""Models, limits and estimated prices of each provider, as data: ``<kind>/catalogue.toml``."""

from .rules import (
    Catalogue,
    Offer,
    Option,
    PictureRules,
    Polling,
    Problem,
    Setting,
    lines_of,
)
from .toml import CatalogueError, catalogue, parse

__all__ = [
    "Catalogue",
    "CatalogueError",
    "Offer",
    "Option",
    "PictureRules",
    "Polling",
    "Problem",
    "Setting",
    "catalogue",
    "lines_of",
    "parse",
]
