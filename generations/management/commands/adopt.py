"""``manage.py adopt``: the name that ``import_clips`` had before; it still works."""

from .import_clips import Command

__all__ = ["Command"]
