"""Scores, ranks and reports of weighted late interaction, each with its interval."""
