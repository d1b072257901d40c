"""Azure Storage: the data plane of blobs."""
