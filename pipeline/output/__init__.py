"""What a run leaves for others: the published corpus, the report, and the manifests that say what an output is."""
