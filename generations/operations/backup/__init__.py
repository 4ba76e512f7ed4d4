"""A whole copy of a running site, and a site made of such a copy again.

A backup is a directory: the database, the media as they are stored, and ``manifest.jsonl`` with
the size and SHA-256 of each. ``COMPLETE`` is written last, so nothing half is taken for a whole.
"""

from .create import Faulty, Made, back_up
from .databases import EngineError
from .manifest import NotEmpty, NotWhole
from .restore import Restored, Unfit, restore

__all__ = [
    "EngineError",
    "Faulty",
    "Made",
    "NotEmpty",
    "NotWhole",
    "Restored",
    "Unfit",
    "back_up",
    "restore",
]
