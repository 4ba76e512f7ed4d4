"""Storage of static files: hashed names, compressed, imports between modules rewritten."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Rewrites ``import "./x.js"`` to the hashed name, so that modules can be cached for ever."""

    support_js_module_import_aggregation = True
