"""Static files for production."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):
    """Hashes and compresses the files; imports between ES modules name the hashed files, too."""

    support_js_module_import_aggregation = True
