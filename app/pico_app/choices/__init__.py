"""What a reader can choose, as plain frozen records, and how an address writes it: read by answers and pages alike."""
