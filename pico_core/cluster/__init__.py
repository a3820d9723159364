"""One function over the blocks of a dataset, on the machines of a Ray cluster: Ray schedules, nothing here does."""

from pico_core.cluster.connection import cluster_at
from pico_core.cluster.mapping import Cluster

__all__ = ["Cluster", "cluster_at"]
