"""Pictures that people upload: checked, stored once for a team, and given to the providers."""

from .intake import CODES, MAX_BYTES, PictureRejected, add_frame, add_picture
from .order_pictures import (
    NamedUploads,
    attach,
    find_by_token,
    obstacle,
    pictures_of,
    signed_url,
    to_picture,
    with_pictures,
)

__all__ = [
    "CODES",
    "MAX_BYTES",
    "NamedUploads",
    "PictureRejected",
    "add_frame",
    "add_picture",
    "attach",
    "find_by_token",
    "obstacle",
    "pictures_of",
    "signed_url",
    "to_picture",
    "with_pictures",
]
