"""The nouns: paired embeddings, the files they live in, and data made with a known truth."""
