"""What guards the stack before it changes: the preview gate, what was approved, and the policy pack."""
