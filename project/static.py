"""How static files are named: hashed, compressed, and imports between our modules followed."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Rewrites ``import "./x.js"`` to the hashed name, so that modules are cached for ever."""

    support_js_module_import_aggregation = True
