"""Models, limits and estimated prices of each provider, as data: one TOML file per provider."""

from generations.providers.catalogue.offers import Catalogue, Offer, Polling
from generations.providers.catalogue.options import Option, Problem, Setting
from generations.providers.catalogue.pictures import PictureRules
from generations.providers.catalogue.reading import CatalogueError, catalogue, parse

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
    "parse",
]
