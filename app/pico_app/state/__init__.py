"""Everything that a visit remembers: typed, mirrored in the address, so that a link reopens the view."""
