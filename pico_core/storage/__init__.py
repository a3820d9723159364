"""Files that are whole or not there: atomic writes, locks, headers judged before they are believed, token files."""
