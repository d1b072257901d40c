"""Backups of a whole pool into a storage container, and restores from them.

Sources: the description of the data plane (``backuprestore.json`` 7.5 and 7.6, azure-rest-api-specs), the page "Full
backup and restore and selective key restore", and exchanges with the live service that azure-sdk-for-js recorded
(``keyvault-admin/recordings``): shapes, headers, names of folders, times and the words ``Invalid backup provided``.
"""
