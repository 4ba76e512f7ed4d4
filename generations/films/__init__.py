"""Floor 4: ad films, from the brief to a cut that was made of chosen takes."""

from .board import board, version
from .choosing import choose, rename
from .costs import Cost
from .cutting import Difference, compare
from .ordering import PROMPT_LIMIT, begin, compose, redo
from .pieces import Pieces
from .prices import price, prices
from .reading import look_again, read
from .refusals import FilmRefused, Obstacle
from .shelf import FilmCard, shelf
from .shown import Board, BoardCut, BoardStrip, BoardTake
from .tree import take_in

__all__ = [
    "PROMPT_LIMIT",
    "Board",
    "BoardCut",
    "BoardStrip",
    "BoardTake",
    "Cost",
    "Difference",
    "FilmCard",
    "FilmRefused",
    "Obstacle",
    "Pieces",
    "begin",
    "board",
    "choose",
    "compare",
    "compose",
    "look_again",
    "price",
    "prices",
    "read",
    "redo",
    "rename",
    "shelf",
    "take_in",
    "version",
]
