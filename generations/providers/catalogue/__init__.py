"""Models, limits and estimated prices of each provider, as data: ``<kind>/catalogue.toml``."""

from .offers import Catalogue, Offer, Polling, Setting
from .rules import Option, PictureRules, Problem, lines_of
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
