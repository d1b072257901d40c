"""The activation of a pool, and the custody of its security domain.

Irreversible: it is never replaced unless the pool itself is another one, and deleting it touches no file. The state
keeps the manifest (pool, thumbprints, quorum, hash), never the security domain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pulumi
from pulumi.dynamic import CheckFailure, CreateResult, ReadResult, Resource, UpdateResult

from data_plane.errors import CustodyError
from dynamic import security_domain_inputs as inputs
from dynamic.base import POOL_FIELDS, HsmProvider, Props, contains_unknown, inputs_of, missing, one_line, plain, tell

if TYPE_CHECKING:
    from data_plane.activation import Result
    from data_plane.pool import Pool

_CUSTODY_REASON = (
    "{name}: changing it is a ceremony, not an update: it makes a new security-domain file that other people open. "
    "To do it, set managed-hsm:securityDomain.reissue to the pool's name; the pool and its keys stay, the old file "
    "is kept"
)


@dataclass(frozen=True)
class Custodian:
    """A holder of a share."""

    name: str
    certificate: str
    """The public certificate, PEM."""


@dataclass(frozen=True)
class Destination:
    """A place where the security domain is kept: a file or a blob."""

    path: str | None = None
    """Absolute."""
    blob: str | None = None
    """``https://<account>.blob.core.windows.net/<container>/<name>``, instead of a path."""
    optional: bool = False
    """Whether the activation goes on although this place failed."""
    handed_over: bool = False
    """Whether the file has been taken from here into custody."""


@dataclass
class SecurityDomainArgs:
    """What a :class:`SecurityDomain` is made of."""

    hsm_id: pulumi.Input[str]
    """ARM id of the pool."""
    hsm_uri: pulumi.Input[str]
    hsm_created_at: pulumi.Input[str]
    """``systemData.createdAt`` of the pool: tells it from an earlier one of the same name."""
    custodians: Sequence[Custodian]
    """3 to 10."""
    quorum: int
    """How many custodians open it: 2 to 10."""
    destinations: Sequence[Destination]
    reissue: str | None = None
    """The pool's name, which allows the security domain to be downloaded again."""
    recover_from: str | None = None
    """Absolute path, or the blob's address, of what a quorum made of another pool's security domain; only a new pool
    takes it in."""


class SecurityDomainProvider(HsmProvider):
    """Activates, finds what an earlier run left, keeps copies in order."""

    UPDATE = ("destinations", "reissue", "recover_from")
    REPLACE = POOL_FIELDS
    FORBID: ClassVar[Mapping[str, str]] = {name: _CUSTODY_REASON.format(name=name) for name in ("custodians", "quorum")}

    def judge(self, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """Certificates, quorum, destinations and the word that allows a reissue."""
        failures = missing(news, *POOL_FIELDS, "custodians", "quorum", "destinations")
        if failures:
            return news, failures
        # Judged once: reading certificates takes a library that a preview with nothing to do need not wait for.
        unchanged = all(olds.get(name) == news[name] for name in ("custodians", "quorum"))
        if not unchanged and not contains_unknown([news["custodians"], news["quorum"]]):
            try:
                inputs.custody(news)
            except CustodyError as error:
                failures.append(CheckFailure("custodians", str(error)))
        if not contains_unknown(news["destinations"]):
            failures += inputs.wrong_destinations(news["destinations"])
        if olds and not failures and not contains_unknown(news) and not self.is_other_pool(olds, news):
            failures += self._lost(olds, news)
        return news, failures + inputs.wrong_reissue(news)

    def same(self, name: str, old: Any, new: Any) -> bool:
        """Custodians are their certificates: order and the way a PEM is wrapped do not matter."""
        if name == "custodians" and old and new:
            return bool(old == new) or inputs.named_thumbprints(old) == inputs.named_thumbprints(new)
        if name == "destinations" and old and new:
            return inputs.by_address(old) == inputs.by_address(new)
        return super().same(name, old, new)

    def _lost(self, olds: Props, news: Props) -> list[CheckFailure]:
        """A failure where a refresh, or other destinations, leave no copy that a run could go on from."""
        if news.get("reissue"):
            return inputs.nowhere_to_write(olds, news)
        if not self._changed("destinations", olds, news):
            return []
        return inputs.wrong_files(news, [inputs.address(each) for each in olds.get("destinations", [])])

    def permits(self, name: str, olds: Props, news: Props) -> bool:
        """A reissue, and new names for the same certificates."""
        if news.get("reissue"):
            return True
        if name != "custodians":
            return False
        return inputs.thumbprints(olds[name]) == inputs.thumbprints(news[name])

    @one_line
    def create(self, props: Props) -> CreateResult:
        """Ends with an active pool and the file at every destination, whatever an earlier run left behind."""
        wanted = inputs_of(props)
        return CreateResult(wanted["hsm_id"], _outputs(wanted, _activate(wanted, [])))

    @one_line
    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        """Copies to new destinations, mends what is missing, and downloads again where a reissue allows it."""
        olds, news = inputs_of(_olds), inputs_of(_news)
        earlier = [inputs.address(each) for each in olds.get("destinations", [])]
        left = sorted(set(_places_here(olds)) - set(map(inputs.address, news["destinations"])))
        outputs = _outputs(news, _activate(news, earlier, _olds.get("manifest")))
        if news.get("reissue"):
            tell(
                "take managed-hsm:securityDomain.reissue out of the configuration again: while it is there, changed "
                "custodians need no other confirmation"
            )
        for place in left:
            tell(f"{place} is no destination any more; what is there stays")
        return UpdateResult(outputs)

    @one_line
    def read(self, id_: str, props: Props) -> ReadResult:
        """Gone if the pool is gone, is another one or is not active; otherwise the destinations that are in order."""
        from data_plane import pool, session

        known = inputs_of(props)
        found = pool.read(session.current(), known["hsm_id"])
        if found is None or not _is_active_and_the_same(found, known):
            return ReadResult(None, {})
        seen = {**known, "destinations": _in_order(known)}
        return ReadResult(id_, seen, self.declared(seen))

    def delete(self, _id: str, _props: Props) -> None:
        """Leaves every file where it is."""
        for place in _places_here(inputs_of(_props)):
            tell(f"{place} stays: a security domain is never deleted by this program")


class SecurityDomain(Resource, module="mhsm", name="SecurityDomain"):
    """An active pool whose security domain lies at every destination."""

    sha256: pulumi.Output[str]
    """Of the security-domain file, lower-case hex."""
    manifest: pulumi.Output[Mapping[str, Any]]
    """The record beside the file: pool, custodians with thumbprints, quorum, hash, when and by whom."""
    files: pulumi.Output[Sequence[str]]
    """Where the file lies, read back and compared."""

    def __init__(self, name: str, args: SecurityDomainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declares the activation of ``args.hsm_id``."""
        props = {
            "hsm_id": args.hsm_id,
            "hsm_uri": args.hsm_uri,
            "hsm_created_at": args.hsm_created_at,
            "custodians": [{"name": each.name, "certificate": each.certificate} for each in args.custodians],
            "quorum": args.quorum,
            "destinations": [
                {
                    **({"path": each.path} if each.blob is None else {"blob": each.blob}),
                    "optional": each.optional,
                    "handed_over": each.handed_over,
                }
                for each in args.destinations
            ],
            "reissue": args.reissue,
            "recover_from": args.recover_from,
            "sha256": None,
            "manifest": None,
            "files": None,
        }
        super().__init__(SecurityDomainProvider(), name, props, opts)


def _activate(wanted: Props, earlier: list[str], manifest: Mapping[str, Any] | None = None) -> Result:
    from data_plane import session
    from data_plane.activation import Activation, Wanted
    from data_plane.custody import Manifest

    return Activation(
        session.current(),
        Wanted(
            hsm_id=wanted["hsm_id"],
            hsm_uri=wanted["hsm_uri"],
            custodians=inputs.certificates(wanted),
            quorum=int(wanted["quorum"]),
            destinations=tuple(map(inputs.destination, wanted["destinations"])),
            reissue=bool(wanted.get("reissue")),
            sources=tuple(map(inputs.place, earlier)),
            known=Manifest.from_document(plain(manifest)) if manifest else None,
            recover_from=inputs.place(wanted["recover_from"]) if wanted.get("recover_from") else None,
        ),
        say=tell,
    ).run()


def _places_here(props: Props) -> list[str]:
    """The destinations whose file has not gone into custody."""
    return [inputs.address(each) for each in props.get("destinations", []) if not each.get("handed_over")]


def _outputs(wanted: Props, result: Result) -> Props:
    return {
        **{name: value for name, value in wanted.items() if name not in ("sha256", "manifest", "files")},
        "sha256": result.manifest.sha256,
        "manifest": result.manifest.to_document(),
        "files": list(map(str, result.files)),
    }


def _is_active_and_the_same(found: Pool, known: Props) -> bool:
    from data_plane import pool

    if not pool.is_same(found.id, found.created_at, known["hsm_id"], known["hsm_created_at"]):
        return False
    # A pool is never deactivated, so "not active" of the very pool that was active is an answer that lags behind.
    return found.activation_status in (pool.ACTIVE, pool.UNKNOWN) or _becomes_active(known["hsm_id"])


def _becomes_active(hsm_id: str) -> bool:
    from data_plane import pool, session
    from data_plane.waiting import confirmed

    def probe() -> bool | None:
        found = pool.read(session.current(), hsm_id)
        return True if found is not None and found.activation_status == pool.ACTIVE else None

    return confirmed(probe) is not None


def _in_order(known: Props) -> list[Mapping[str, Any]]:
    """The destinations that hold what they should. The others show as drift."""
    from data_plane.security_domain_file import is_in_order

    kept: list[Mapping[str, Any]] = []
    for each in known["destinations"]:
        if is_in_order(inputs.destination(each), known["sha256"]):
            kept.append(each)
        else:
            tell(f"{inputs.address(each)}: the security domain is missing or altered there")
    return kept
