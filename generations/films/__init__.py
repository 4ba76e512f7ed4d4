"""Floor 4: ad films, from the brief to a cut that was made of chosen takes."""

from .board import (
    Board,
    BoardCut,
    BoardStrip,
    BoardTake,
    Difference,
    compare,
    load_board,
    version,
)
from .checks import FilmRefused, Obstacle, Pieces
from .data import Cost
from .list import FilmCard, list_films
from .order import (
    PROMPT_LIMIT,
    begin,
    choose,
    compose,
    price,
    prices,
    redo,
    rename,
)
from .sync import look_again, read
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
    "choose",
    "compare",
    "compose",
    "list_films",
    "load_board",
    "look_again",
    "price",
    "prices",
    "read",
    "redo",
    "rename",
    "take_in",
    "version",
]
