"""Words that the pages share: the glossary, whose idea everything is, and how words of data are shown."""
