"""Static files for production."""

from typing import Any

import brotli
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

BROTLI_QUALITY = 9
"""Of 11. The last two steps make files 5 to 10 % smaller and take twenty times as long: minutes, for all files."""


class _Compressor(Compressor):
    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        return bytes(brotli.compress(data, quality=BROTLI_QUALITY))


class HashedFiles(CompressedManifestStaticFilesStorage):
    """Hashes and compresses the files; imports between ES modules name the hashed files, too."""

    support_js_module_import_aggregation = True

    def create_compressor(self, **kwargs: Any) -> Compressor:
        # Source maps are for developers, and as large as all the rest together.
        kwargs["extensions"] = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
        return _Compressor(**kwargs)
