"""Back up a running site, and restore a site from a backup.

A backup is a directory: the database, the media as they are stored, and ``manifest.jsonl`` with
the size and SHA-256 of each file. ``COMPLETE`` is written last, so that a backup that was cut
short is never restored.
"""

from .create import BackupResult, Faulty, back_up
from .databases import EngineError
from .files import NotEmpty, NotWhole
from .restore import Restored, Unfit, restore

__all__ = [
    "BackupResult",
    "EngineError",
    "Faulty",
    "NotEmpty",
    "NotWhole",
    "Restored",
    "Unfit",
    "back_up",
    "restore",
]
