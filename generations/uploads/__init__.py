"""Pictures that people give: taken in once, kept as our own, and lent to the providers."""

from .lending import (
    Given,
    address,
    attach,
    described,
    filled,
    lent,
    obstacle,
    of_token,
)
from .taking import CODES, MOST_BYTES, Unfit, add, add_frame

__all__ = [
    "CODES",
    "MOST_BYTES",
    "Given",
    "Unfit",
    "add",
    "add_frame",
    "address",
    "attach",
    "described",
    "filled",
    "lent",
    "obstacle",
    "of_token",
]
