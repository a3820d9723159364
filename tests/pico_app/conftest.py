"""Pages are tested without the frame, which loads pandas before any thread can find it half loaded."""

import pandas  # noqa: F401
