"""Who may do what in the pool: local role assignments, and whether there may be others."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from config.fields import Boolean, Section, Text, is_guid, matching, refusal, setting
from data_plane.built_in_roles import guid_of, name_of

PrincipalKind = Literal["deployer", "identity", "objectId", "group", "user", "servicePrincipal"]

PRINCIPAL_ACCEPTED = "deployer, or one of {identity: …}, {objectId: …}, {group: …}, {user: …}, {servicePrincipal: …}"
_KINDS = ("identity", "objectId", "group", "user", "servicePrincipal")


class Principal(Section):
    """Who is meant.

    In the configuration the word ``deployer`` or a mapping with one key, e.g. ``{identity: testvmmhsm}``.
    """

    kind: PrincipalKind = Field(description="How the principal is named.")
    value: str = Field("", description="Its name or object id; empty for the deployer.")

    @model_validator(mode="before")
    @classmethod
    def _one_key(cls, value: Any) -> Any:
        if value == "deployer":
            return {"kind": "deployer"}
        if not isinstance(value, dict) or len(value) != 1:
            raise refusal(PRINCIPAL_ACCEPTED)
        ((kind, name),) = value.items()
        if kind not in _KINDS or not isinstance(name, str) or not name.strip():
            raise refusal(PRINCIPAL_ACCEPTED)
        if kind == "objectId" and not is_guid(name):
            raise refusal("an object id (a GUID) after objectId")
        return {"kind": kind, "value": name.lower() if kind == "objectId" else name}


def _full_name(role: str) -> str:
    return name_of(role) or _by_name(role) or role


def _by_name(role: str) -> str | None:
    found = guid_of(role) or guid_of(f"Managed HSM {role}")
    return found and (name_of(found) or found)


class RoleAssignment(Section):
    """A role, given to a principal at a scope."""

    role: Annotated[Text, AfterValidator(_full_name)] = setting(
        what="A built-in role by name (`Managed HSM ` may be left out), a name of roleDefinitions, or a GUID.",
        accepted="the name or GUID of a local role",
        example="Managed HSM Crypto User",
    )
    principal: Principal = setting(
        what="Who gets the role. Users by sign-in name, groups and service principals by display name.",
        accepted=PRINCIPAL_ACCEPTED,
        example={"identity": "testvmmhsm"},
    )
    scope: Annotated[str, BeforeValidator(matching(r"/|/keys|/keys/[0-9A-Za-z-]{1,127}"))] = setting(
        what="Where the role holds: everywhere, at all keys, or at one key.",
        accepted="/, /keys or /keys/<name>",
        example="/keys",
    )
    elsewhere: Boolean = setting(
        False,
        what="That the key of the scope is another stack's on the same pool, and need not be there yet.",
        accepted="true or false",
        example=True,
    )

    @property
    def role_guid(self) -> str | None:
        """The GUID of a built-in role, or the one that is given; None for a role of roleDefinitions."""
        return guid_of(self.role)


Exclusive = Literal["nowhere", "everywhere", "ownKeys"]
_EXCLUSIVE: dict[object, Exclusive] = {
    True: "everywhere",
    False: "nowhere",
    "true": "everywhere",
    "false": "nowhere",
    "ownKeys": "ownKeys",
}


def _exclusive(value: object) -> Exclusive:
    if not isinstance(value, bool | str) or value not in _EXCLUSIVE:
        raise refusal()
    return _EXCLUSIVE[value]


KeyScopes = Annotated[str, BeforeValidator(matching(r"/keys/([0-9A-Za-z-]{1,127}|[0-9A-Za-z-]{0,126}\*)"))]
"""``/keys/<name>``, or ``/keys/<beginning>*``."""


class Access(Section):
    """How the pool's assignments are looked after."""

    exclusive: Annotated[Exclusive, BeforeValidator(_exclusive)] = setting(
        "nowhere",
        what="Whether there may be no other assignments than those of the configuration: others show in the preview,"
        " and up takes them away. `true`: at /, /keys and every key; `ownKeys`: at the keys of this stack only, which"
        " is all that a stack with hsm.existing may ask for. The last Administrator stays, and what the deployer needs"
        " to finish. Whoever stands in hsm.initialAdministrators counts as given.",
        accepted="true, false or ownKeys",
        example=True,
    )
    leave: tuple[KeyScopes, ...] = setting(
        (),
        what="Keys whose assignments other stacks look after, though this one is exclusive.",
        accepted="scopes such as /keys/team-a-signing or /keys/team-a-*",
        example=["/keys/team-a-*"],
    )
    bootstrap_over: Boolean = setting(
        False,
        what="The initial administrators have given their rights up (python -m access resign): they no longer count as"
        " given.",
        accepted="true or false",
        example=True,
    )
