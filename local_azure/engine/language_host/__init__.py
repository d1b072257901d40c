"""The host of Python programs for a Pulumi CLI that came without the official one (`pulumi-language-python`).

The engine starts it in the project's directory and speaks to it over gRPC: service `LanguageRuntime` of
proto/pulumi/language.proto in the repository pulumi/pulumi. This package is copied beside the CLI and runs from there,
in the project's own Python: it imports nothing of the repository.
"""
