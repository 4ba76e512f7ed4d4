"""Ad films: from the brief to a cut that was joined of chosen takes."""

from .board import (
    Board,
    BoardCut,
    BoardSegment,
    BoardTake,
    Difference,
    FilmCard,
    board_version,
    compare,
    list_films,
    load_board,
)
from .order import (
    PROMPT_LIMIT,
    choose_take,
    last_price,
    last_prices,
    order_cut,
    order_film,
    order_takes,
    rename_film,
)
from .rows import Cost, CutSelection, FilmRefused, Obstacle
from .sync import sync_film, sync_soon
from .tree import apply_tree

__all__ = [
    "PROMPT_LIMIT",
    "Board",
    "BoardCut",
    "BoardSegment",
    "BoardTake",
    "Cost",
    "CutSelection",
    "Difference",
    "FilmCard",
    "FilmRefused",
    "Obstacle",
    "apply_tree",
    "board_version",
    "choose_take",
    "compare",
    "last_price",
    "last_prices",
    "list_films",
    "load_board",
    "order_cut",
    "order_film",
    "order_takes",
    "rename_film",
    "sync_film",
    "sync_soon",
]
