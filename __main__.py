"""The program: settings in, resources declared, outputs out."""

import pulumi

import config
from components.access_review import review
from components.custody import check_places
from components.exclusive import look
from components.log_checks import check_log_places
from components.pool_drift import check_activated, tell_differences
from components.present_pool import check_custody, check_unchangeable
from components.shared_pool import build_on, shared_pool
from components.stack import build
from components.surroundings import (
    check_pool_name,
    check_vault_name,
    check_way_in,
    deployer,
    existing,
    present_pool,
)
from config.hsm import ExistingHsm
from data_plane import credentials, principals, session
from data_plane.errors import DataPlaneError


def main() -> None:
    """Declares the stack. Whatever is wrong is told in one line, before anything changes."""
    try:
        settings = config.load()
        session.use(credentials.identity(config.azure_native()))
        reviewed = review(settings)
        who = deployer(settings, session.current().identity)
        pool = present_pool(settings)
        check_unchangeable(settings, pool)
        check_custody(settings, pool)
        check_places(settings, pool, who, session.current())
        check_log_places(settings, pool, who, session.current())
        check_activated(settings, pool)
        tell_differences(settings, pool)
        check_way_in(settings, pool)
        deleted = check_pool_name(settings, pool, who, session.current())
        check_vault_name(settings, who, session.current())
        if isinstance(settings.hsm, ExistingHsm):
            outputs = build_on(settings, who, shared_pool(settings, session.current()), _object_id)
        else:
            present = look(settings, pool, who.object_id)
            outputs = build(settings, who, existing(settings, pool, who, deleted), _object_id, present)
    except (config.ConfigurationError, DataPlaneError) as error:
        raise pulumi.RunError(str(error)) from None
    for name, value in {**outputs, "access": reviewed}.items():
        pulumi.export(name, value)


def _object_id(kind: str, name: str) -> str:
    return principals.object_id(session.current().credential, kind, name, session.current().identity.cloud.graph)


main()
