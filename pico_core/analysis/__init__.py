"""Questions asked of a result, each answered with its uncertainty."""
