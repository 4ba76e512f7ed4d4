"""The running world of the lifecycle, for tests of backups."""

from tests.lifecycle.conftest import clip_folder, sandbox, world

__all__ = ["clip_folder", "sandbox", "world"]
