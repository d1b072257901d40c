"""Whether the state and its secrets would survive the loss of the very pool that they describe."""
