"""What people keep embeddings in: every format read by roles, from its header first."""
