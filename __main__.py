"""The program: settings in, resources declared, outputs out."""

from functools import cache

import pulumi

import config
from components.stack import build
from components.surroundings import check_way_in, deployer, existing
from data_plane import credentials, principals
from data_plane.errors import DataPlaneError


@cache
def credential() -> credentials.SerialisedCredential:
    """Whom principals are looked up as; signed in only where a principal is named."""
    return credentials.credential(credentials.identity())


def main() -> None:
    """Declares the stack. Whatever is wrong is told in one line, before anything changes."""
    try:
        settings = config.load()
        who = deployer(settings)
        check_way_in(settings)
        outputs = build(
            settings,
            who,
            existing(settings),
            lambda kind, name: principals.object_id(credential(), kind, name),
        )
    except (config.ConfigurationError, DataPlaneError) as error:
        raise pulumi.RunError(str(error)) from None
    for name, value in outputs.items():
        pulumi.export(name, value)


main()
