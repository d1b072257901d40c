"""What turns a provisioned pool into one that can be used: activation, roles, keys, in this order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from components.keys import KeySettings, args_of
from components.managed_hsm import Pool
from components.short_traces import short_traces
from dynamic.full_restore import FullRestore, FullRestoreArgs
from dynamic.key import Key
from dynamic.pool_setting import PoolSetting, PoolSettingArgs
from dynamic.role_assignment import RoleAssignment, RoleAssignmentArgs
from dynamic.role_definition import RoleDefinition, RoleDefinitionArgs
from dynamic.security_domain import Custodian, Destination, SecurityDomain, SecurityDomainArgs


@dataclass(frozen=True)
class Activation:
    """Who holds the security domain, and where it is kept."""

    custodians: Sequence[Custodian]
    quorum: int
    destinations: Sequence[Destination]
    reissue: str | None
    recover_from: str | None = None
    after: Sequence[pulumi.Resource] = ()
    """What must stand so that the security domain can be kept."""


@dataclass(frozen=True)
class Role:
    """A role of the pool's own."""

    name: str
    description: str
    data_actions: Sequence[str]
    not_data_actions: Sequence[str]


@dataclass(frozen=True)
class Assignment:
    """A role, given to a principal at a scope."""

    name: str
    """Unique within the stack."""
    role: str
    principal_id: pulumi.Input[str]
    scope: str
    before_keys: bool
    """Whether the keys need it: the deployer's own, or that of a group that the deployer may be in."""


@dataclass(frozen=True)
class Restoration:
    """A backup that takes the place of everything in the pool, before the stack's own roles and keys."""

    folder: str
    overwrite: str | None
    trigger: str
    hsm_name: str
    journal: str
    after: Sequence[pulumi.Resource]
    """What gives the pool's identity its right at the container."""


@dataclass(frozen=True)
class HsmSetupArgs:
    """What is set up in the pool."""

    hsm: Pool
    activation: Activation | None
    """None where the pool is active, and its security domain is somebody else's affair."""
    assignments: Sequence[Assignment]
    keys: Mapping[str, KeySettings]
    protect: bool
    """Whether Pulumi refuses to delete or replace the activation."""
    environment: str
    """``dev`` or ``prod``; an output, like the deployer, for the policy pack, which sees no configuration."""
    deployer: str
    """Object id."""
    private_way: Sequence[pulumi.Resource] = field(default_factory=list)
    """What must stand before the pool can be reached, where the only way to it is private."""
    log: Sequence[pulumi.Resource] = ()
    """What must stand so that the activation itself is logged."""
    roles: Sequence[Role] = field(default_factory=list)
    settings: Mapping[str, bool] = field(default_factory=dict)
    """Of the pool's data plane, by the service's names."""
    restoration: Restoration | None = None
    backup_right: Sequence[pulumi.Resource] = ()
    """What lets the pool's identity read its backups."""


class HsmSetup(pulumi.ComponentResource):
    """An activated pool with its roles and keys.

    All of it is ``deleted_with`` a pool of this stack: its destroy needs no access to the data plane.
    """

    security_domain: SecurityDomain | None
    role_definitions: dict[str, RoleDefinition]
    role_assignments: dict[str, RoleAssignment]
    keys: dict[str, Key]

    def __init__(self, name: str, args: HsmSetupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mhsm:components:HsmSetup", name, {}, opts)
        self._hsm, self._backup_right = args.hsm, args.backup_right
        self.security_domain = None if args.activation is None else self._activate(args.activation, args)
        self.restore = None if args.restoration is None else self._restore(args.restoration)
        self._filled: list[pulumi.Resource] = [*self.active, *([self.restore] if self.restore else [])]
        self.settings = [self._set(setting, value) for setting, value in args.settings.items()]
        self.role_definitions = {each.name: self._define(each) for each in args.roles}
        with short_traces():
            wide = {each.name: self._assign(each, []) for each in args.assignments if not _at_a_key(each)}
            needed = [wide[each.name] for each in args.assignments if each.name in wide and each.before_keys]
            self.keys = {key: self._make_key(key, settings, needed) for key, settings in args.keys.items()}
            narrow = {each.name: self._assign(each, self._key_of(each)) for each in args.assignments if _at_a_key(each)}
        self.role_assignments = {**wide, **narrow}
        self._principals = {each.name: each.principal_id for each in args.assignments}
        self.register_outputs({"environment": args.environment, "deployer": args.deployer})

    @property
    def active(self) -> list[pulumi.Resource]:
        """What makes the pool usable, as far as this stack does it."""
        return [] if self.security_domain is None else [self.security_domain]

    @property
    def everything(self) -> list[pulumi.Resource]:
        """All that is set up."""
        made = [*self.role_definitions.values(), *self.role_assignments.values(), *self.keys.values()]
        return [*self._filled, *self.settings, *made]

    def roles_of(self, principal_id: pulumi.Input[str]) -> list[RoleAssignment]:
        """The assignments to a principal, which is the very value that the arguments had."""
        return [made for name, made in self.role_assignments.items() if self._principals[name] is principal_id]

    def _activate(self, activation: Activation, args: HsmSetupArgs) -> SecurityDomain:
        return SecurityDomain(
            "security-domain",
            SecurityDomainArgs(
                hsm_id=self._hsm.id,
                hsm_uri=self._hsm.uri,
                hsm_created_at=self._hsm.created_at,
                custodians=list(activation.custodians),
                quorum=activation.quorum,
                destinations=list(activation.destinations),
                reissue=activation.reissue,
                recover_from=activation.recover_from,
            ),
            opts=self._options([*args.private_way, *args.log, *activation.after], protect=args.protect),
        )

    def _restore(self, restoration: Restoration) -> FullRestore:
        return FullRestore(
            "full-restore",
            FullRestoreArgs(
                hsm_id=self._hsm.id,
                hsm_uri=self._hsm.uri,
                hsm_created_at=self._hsm.created_at,
                hsm_name=restoration.hsm_name,
                folder=restoration.folder,
                overwrite=restoration.overwrite,
                trigger=restoration.trigger,
                journal=restoration.journal,
                role_is_new=bool(restoration.after),
            ),
            opts=self._options([*self.active, *restoration.after]),
        )

    def _set(self, setting: str, value: bool) -> PoolSetting:
        return PoolSetting(
            setting,
            PoolSettingArgs(
                hsm_id=self._hsm.id,
                hsm_uri=self._hsm.uri,
                hsm_created_at=self._hsm.created_at,
                setting_name=setting,
                value=value,
            ),
            opts=self._options(self._filled),
        )

    def _define(self, role: Role) -> RoleDefinition:
        return RoleDefinition(
            role.name,
            RoleDefinitionArgs(
                hsm_id=self._hsm.id,
                hsm_uri=self._hsm.uri,
                hsm_created_at=self._hsm.created_at,
                role_name=role.name,
                description=role.description,
                data_actions=list(role.data_actions),
                not_data_actions=list(role.not_data_actions),
            ),
            opts=self._options(self._filled),
        )

    def _assign(self, assignment: Assignment, after: Sequence[pulumi.Resource]) -> RoleAssignment:
        return RoleAssignment(
            assignment.name,
            RoleAssignmentArgs(
                hsm_id=self._hsm.id,
                hsm_uri=self._hsm.uri,
                hsm_created_at=self._hsm.created_at,
                role=assignment.role,
                principal_id=assignment.principal_id,
                scope=assignment.scope,
            ),
            opts=self._options([*self._filled, *self._role_of(assignment), *after]),
        )

    def _role_of(self, assignment: Assignment) -> list[pulumi.Resource]:
        return [self.role_definitions[assignment.role]] if assignment.role in self.role_definitions else []

    def _make_key(self, key: str, settings: KeySettings, after: Sequence[pulumi.Resource]) -> Key:
        right = self._backup_right if settings.restore_from_backup else ()
        return Key(
            key,
            args_of(key, settings, self._hsm, backup_right_is_new=bool(right)),
            # A role that the keys wait for waits for the rest: each name less is a line less in the state of each key.
            opts=self._options([*(after or self._filled), *right], protect=settings.protect),
        )

    def _key_of(self, assignment: Assignment) -> list[pulumi.Resource]:
        key = assignment.scope.removeprefix("/keys/")
        return [self.keys[key]] if key in self.keys else []

    def _options(self, after: Sequence[pulumi.Resource], *, protect: bool = False) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(after), deleted_with=self._hsm.pool, protect=protect)


def _at_a_key(assignment: Assignment) -> bool:
    return assignment.scope.startswith("/keys/")
