"""Keep the garbage collector off the libraries.

Streamlit collects all generations whenever a script run ends, holding the interpreter lock: over
the million objects of torch, scikit-learn and polars that takes about half a second. A page that
asks every second how far a study is would leave the study's thread almost no time.
"""

import gc
import threading

_LOCK = threading.Lock()
_frozen_for: set[str] = set()


def freeze_once(reason: str) -> bool:
    """Count everything that is alive now as permanent, once per reason; later collections pass over it.

    Frozen objects are still freed when their last reference goes; only cycles among them stay.

    Args:
        reason: What has just been loaded, such as "libraries".

    Returns:
        Whether this call froze anything.
    """
    with _LOCK:
        if reason in _frozen_for:
            return False
        _frozen_for.add(reason)
    gc.collect()
    gc.freeze()
    return True
