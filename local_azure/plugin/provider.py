"""The engine's side: the gRPC service of a resource provider, after "Pulumi resource provider protocol"."""

# ruff: noqa: ARG002, N802 - names and signatures of the methods are the protocol's

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import wraps
from typing import TypeVar

import grpc

from local_azure.plugin import previews, tables
from local_azure.plugin.checks import CREATE_BEFORE_DELETE, Defaults, failures, with_defaults
from local_azure.plugin.configuration import Configuration
from local_azure.plugin.differences import Difference, differences
from local_azure.plugin.errors import ConfigurationError, PluginError
from local_azure.plugin.functions import NotPlayed, call
from local_azure.plugin.lifecycle import Lifecycle, PartlyDone
from local_azure.plugin.naming import Proposal
from local_azure.plugin.protocol import empty_pb2, plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2
from local_azure.plugin.resource_types import ResourceType
from local_azure.plugin.schema import schema
from local_azure.plugin.session import Session
from local_azure.plugin.transport import Http
from local_azure.plugin.values import Values, from_struct, to_struct
from local_azure.plugin.waiting import Deadline

NAME, VERSION = "azure-native", "3.29.0"

_Request = TypeVar("_Request")
_Response = TypeVar("_Response")
_Method = Callable[["Provider", _Request, grpc.ServicerContext], _Response]


def _in_one_line(method: _Method[_Request, _Response]) -> _Method[_Request, _Response]:
    """Makes what a method raises for the user the status of the call."""

    @wraps(method)
    def guarded(self: Provider, request: _Request, context: grpc.ServicerContext) -> _Response:
        try:
            return method(self, request, context)
        except PartlyDone as error:
            context.set_trailing_metadata((("grpc-status-details-bin", _details(error)),))
            code, message = grpc.StatusCode.UNKNOWN, str(error)
        except NotPlayed as error:
            code, message = grpc.StatusCode.UNIMPLEMENTED, str(error)
        except PluginError as error:
            code, message = grpc.StatusCode.UNKNOWN, str(error)
        context.abort(code, message)
        raise AssertionError("abort raises")

    return guarded


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Called from many threads at once, after Configure."""

    def __init__(self, environment: Mapping[str, str], http: Http | None = None) -> None:
        """``http`` None: the network, as the environment leads there."""
        self._environment = dict(environment)
        self._http = http
        self._cancelled = threading.Event()
        self._session = Session(Configuration({}, self._environment), http)

    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        """The engine keeps track of secrets, resources and outputs itself."""
        return provider_pb2.ProviderHandshakeResponse(supports_autonaming_configuration=True)

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """The version that the SDK asks for."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetSchema(
        self, request: provider_pb2.GetSchemaRequest, context: grpc.ServicerContext
    ) -> provider_pb2.GetSchemaResponse:
        """Names of types, functions and properties; types of properties are left open."""
        return provider_pb2.GetSchemaResponse(schema=schema(NAME, VERSION))

    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """A debugged plugin is told where its engine is; this one never calls it."""
        return empty_pb2.Empty()

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Ends every operation that waits."""
        self._cancelled.set()
        return empty_pb2.Empty()

    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Any configuration is taken; what is missing shows with the first call that needs it."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        """No change of configuration replaces resources."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_UNKNOWN)

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Takes the configuration; signs in later, when a call needs it."""
        legacy = {name.rpartition(":")[2]: value for name, value in request.variables.items()}
        configuration = Configuration({**legacy, **from_struct(request.args)}, self._environment)
        self._session = Session(configuration, self._http)
        return provider_pb2.ConfigureResponse(supportsPreview=True, supports_autonaming_configuration=True)

    @_in_one_line
    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:
        """Calls a function."""
        answer = call(_own_token(request.tok), from_struct(request.args), self._session, self._deadline())
        return provider_pb2.InvokeResponse(**{"return": to_struct(answer)})

    @_in_one_line
    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        """Fills in names, location and api-version, and says what is missing."""
        resource_type = _type_of(request.urn)
        proposal = None
        if request.HasField("autonaming"):
            mode = provider_pb2.CheckRequest.AutonamingOptions.Mode.Name(request.autonaming.mode)
            proposal = Proposal(mode, request.autonaming.proposed_name)
        defaults = Defaults(
            urn=request.urn,
            seed=request.randomSeed,
            proposal=proposal,
            location=self._session.configuration.text("location"),
            group_location=lambda group: self._session.group_location(group, self._deadline()),
        )
        inputs = with_defaults(resource_type, from_struct(request.olds), from_struct(request.news), defaults)
        # No property names: the engine would put them before reasons that name them already.
        refused = [provider_pb2.CheckFailure(reason=each.reason) for each in failures(resource_type, inputs)]
        return provider_pb2.CheckResponse(inputs=to_struct(inputs), failures=refused)

    @_in_one_line
    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        """Compares inputs with inputs: outputs hold too much that nobody set."""
        resource_type = _type_of(request.urn)
        outputs, old = from_struct(request.olds), from_struct(request.old_inputs)
        if "azureApiVersion" in outputs:
            old.setdefault("azureApiVersion", outputs["azureApiVersion"])
        found = differences(resource_type, old, from_struct(request.news), outputs)
        if not found:
            return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
        replaces = [each.path for each in found if each.replaces]
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME,
            diffs=list(dict.fromkeys(each.property for each in found)),
            replaces=replaces,
            deleteBeforeReplace=bool(replaces) and not old.get(CREATE_BEFORE_DELETE),
            hasDetailedDiff=True,
            detailedDiff={each.path: _property_diff(each) for each in found},
        )

    @_in_one_line
    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        """Makes the resource, or previews what it will put out."""
        resource_type, inputs = _type_of(request.urn), from_struct(request.properties)
        if request.preview:
            shown = {
                **previews.created(resource_type.shapes, resource_type.shape, inputs),
                **_own_outputs(resource_type),
            }
            return provider_pb2.CreateResponse(properties=to_struct(shown))
        state = self._lifecycle(resource_type, request.timeout).create(inputs)
        return provider_pb2.CreateResponse(id=state.id, properties=to_struct(state.outputs))

    @_in_one_line
    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        """Refreshes the resource, or imports it where there are no inputs."""
        lifecycle = self._lifecycle(_type_of(request.urn), request.timeout)
        state = lifecycle.read(request.id, from_struct(request.inputs), from_struct(request.properties))
        if state is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=state.id, properties=to_struct(state.outputs), inputs=to_struct(state.inputs)
        )

    @_in_one_line
    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        """Changes the resource in place, or previews what it will put out."""
        resource_type, inputs = _type_of(request.urn), from_struct(request.news)
        old = from_struct(request.olds)
        if request.preview:
            shown = previews.updated(resource_type.shapes, resource_type.shape, inputs, old)
            return provider_pb2.UpdateResponse(properties=to_struct({**shown, **_own_outputs(resource_type)}))
        state = self._lifecycle(resource_type, request.timeout).update(request.id, inputs, old)
        return provider_pb2.UpdateResponse(properties=to_struct(state.outputs))

    @_in_one_line
    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Deletes the resource."""
        self._lifecycle(_type_of(request.urn), request.timeout).delete(request.id)
        return empty_pb2.Empty()

    def _lifecycle(self, resource_type: ResourceType, seconds: float) -> Lifecycle:
        return Lifecycle(resource_type, self._session, self._deadline(seconds))

    def _deadline(self, seconds: float = 0.0) -> Deadline:
        return Deadline(self._cancelled, seconds)


def _type_of(urn: str) -> ResourceType:
    token = _own_token(urn.split("::")[2].rpartition("$")[2])
    found = tables.resource_type(token)
    if found is None:
        raise NotPlayed(f"the azure-native stand-in does not play the type azure-native:{token}; the real plugin does")
    return found


def _own_token(token: str) -> str:
    package, _, rest = token.partition(":")
    if package != NAME:
        raise ConfigurationError(f"'{token}' is none of the package {NAME}")
    return rest


def _own_outputs(resource_type: ResourceType) -> Values:
    return {"azureApiVersion": resource_type.api_version}


def _property_diff(difference: Difference) -> provider_pb2.PropertyDiff:
    kind = difference.kind.name + ("_REPLACE" if difference.replaces else "")
    return provider_pb2.PropertyDiff(kind=provider_pb2.PropertyDiff.Kind.Value(kind), inputDiff=True)


def _details(error: PartlyDone) -> bytes:
    """What was made all the same, so that the engine records it and updates it the next time."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.state.id,
        properties=to_struct(error.state.outputs),
        inputs=to_struct(error.state.inputs),
        reasons=[str(error)],
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    status.details.add().Pack(detail)
    return bytes(status.SerializeToString())
