"""Azure Monitor: what resources log, where their diagnostic settings send it, and the alerts that watch it."""
