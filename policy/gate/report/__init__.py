"""What the gate found, for people, for code scanning, for scripts."""
