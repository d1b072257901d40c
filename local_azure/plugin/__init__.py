"""A Pulumi resource provider plugin that answers to the name azure-native and speaks ARM's REST.

The real plugin is a large binary that the engine downloads; where no download is reached, this one stands in for it,
with the types that :mod:`local_azure.plugin.tables` lists. It knows nothing of the local Azure: it is pointed at it
the same way as at Azure, by environment variables or provider configuration.
"""
