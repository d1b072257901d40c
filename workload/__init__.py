"""What runs on the workload's virtual machine."""
