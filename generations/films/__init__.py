"""Floor 4: ad films, from the brief to a cut that was made of chosen takes."""

from .reading import look_again, read
from .tree import take_in

__all__ = ["look_again", "read", "take_in"]
