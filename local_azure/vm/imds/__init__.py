"""The Azure Instance Metadata Service of the virtual machines."""
