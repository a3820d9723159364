"""What all visits of one server share: the queue, the cache, folders, memory."""
