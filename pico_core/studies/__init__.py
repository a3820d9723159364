"""A whole study of one dataset, from the split to the report on the test split, and how it is kept."""
