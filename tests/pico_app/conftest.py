"""Pages are tested without the frame, which loads pandas before any thread can find it half loaded.

The first run of every `AppTest` looks for components in the metadata of all installed packages, four times each: half
a second. Nothing is installed while tests run, so one look serves all of them.
"""

from functools import cache

import pandas  # noqa: F401
from streamlit.components.v2 import manifest_scanner

manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
