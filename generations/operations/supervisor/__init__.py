"""Start everything, keep it alive, stop everything, leave nothing behind."""
