"""Azure Resource Manager: subscriptions, resource groups, and the resource providers that the program needs."""
