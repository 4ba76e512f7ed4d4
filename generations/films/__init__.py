"""Floor 4: ad films, from the brief to a cut that was made of chosen takes."""

from .ordering import PROMPT_LIMIT, begin, compose, redo
from .pieces import Pieces
from .prices import price, prices
from .reading import look_again, read
from .refusals import FilmRefused, Obstacle
from .tree import take_in

__all__ = [
    "PROMPT_LIMIT",
    "FilmRefused",
    "Obstacle",
    "Pieces",
    "begin",
    "compose",
    "look_again",
    "price",
    "prices",
    "read",
    "redo",
    "take_in",
]
