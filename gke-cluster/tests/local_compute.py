"""Compute Engine's REST interface, for a `World`."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from google.cloud import compute_v1
from local_google import HOST, HTTP, PROJECT, Fault, Operation, World

ROUTES = {
    "GET aggregated/disks": "list_all_disks",
    "GET global/firewalls": "list_firewalls",
    "GET regions/([^/]+)/forwardingRules": "list_forwarding_rules",
    "GET regions/([^/]+)/routers": "list_routers",
    "POST regions/([^/]+)/routers": "insert_router",
    "GET regions/([^/]+)/routers/([^/]+)": "get_router",
    "PATCH regions/([^/]+)/routers/([^/]+)": "patch_router",
    "DELETE regions/([^/]+)/routers/([^/]+)": "delete_router",
    "DELETE ((?:zones|regions)/[^/]+)/disks/([^/]+)": "delete_disk",
    "GET zones/([^/]+)/instanceGroupManagers/([^/]+)": "get_group",
    "GET (?:zones|regions)/[^/]+/operations/([^/]+)": "get_operation",
    "GET regions/([^/]+)/operations": "list_operations",
}


class Compute:
    """The methods; an answer is one of Google's own types."""

    def __init__(self, world: World) -> None:
        self._world = world

    def start(self) -> tuple[ThreadingHTTPServer, int]:
        """Serve on a free port."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return server, server.server_address[1]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        serve = self._serve

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _do(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                try:
                    status, answer = 200, serve(self.command, self.path, body)
                except Fault as fault:
                    if fault.code == "DROPPED":
                        self.close_connection = True
                        return
                    status, answer = HTTP[fault.code], _error(fault)
                raw = answer.encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = do_PATCH = do_DELETE = _do

            def log_message(self, *_: object) -> None:
                """Not into the tests' output."""

        return Handler

    def _serve(self, verb: str, path: str, body: bytes) -> str:
        place, _, query = path.removeprefix(f"/compute/v1/projects/{PROJECT}/").partition("?")
        for route, method in ROUTES.items():
            if (found := re.fullmatch(route, f"{verb} {place}")) is not None:
                arguments = [*found.groups(), *([body] if body else [])]
                if place.startswith("aggregated"):
                    arguments.append(dict(parse_qsl(query)).get("pageToken", ""))
                act = partial(getattr(self, f"_{method}"), *arguments)
                answer = self._world.called(f"{method} {place}", act)
                return str(type(answer).to_json(answer, always_print_fields_with_no_presence=False))
        raise AssertionError(f"{verb} {path} is not served here")

    def _list_all_disks(self, token: str) -> Any:
        scopes: dict[str, compute_v1.DisksScopedList] = {}
        begin = int(token or 0)
        end = begin + self._world.page
        for (scope, _), disk in list(self._world.disks.items())[begin:end]:
            scopes.setdefault(scope, compute_v1.DisksScopedList()).disks.append(disk)
        more = str(end) if end < len(self._world.disks) else ""
        return compute_v1.DiskAggregatedList(items=scopes, next_page_token=more)

    def _list_firewalls(self) -> Any:
        return compute_v1.FirewallList(items=self._world.firewalls)

    def _list_forwarding_rules(self, region: str) -> Any:
        return compute_v1.ForwardingRuleList(items=self._world.forwarding_rules)

    def _list_routers(self, region: str) -> Any:
        return compute_v1.RouterList(items=list(self._world.routers.values()))

    def _insert_router(self, region: str, body: bytes) -> Any:
        router = compute_v1.Router.from_json(body)
        target = f"regions/{region}/routers/{router.name}"
        if router.name in self._world.routers or self._world.running(target):
            raise Fault("ALREADY_EXISTS", f"The resource {target} already exists")

        def done() -> None:
            self._world.routers[router.name] = router

        return self._begin("insert", f"regions/{region}", target, done)

    def _get_router(self, region: str, name: str) -> Any:
        return self._world.routers[name]

    def _patch_router(self, region: str, name: str, body: bytes) -> Any:
        patch = compute_v1.Router.from_json(body)

        def done() -> None:
            self._world.routers[name].nats = patch.nats

        return self._begin("patch", f"regions/{region}", f"regions/{region}/routers/{name}", done)

    def _delete_router(self, region: str, name: str) -> Any:
        if name not in self._world.routers:
            raise Fault("NOT_FOUND", f"The resource {name} was not found")

        def done() -> None:
            self._world.routers.pop(name, None)

        return self._begin("delete router", f"regions/{region}", f"regions/{region}/routers/{name}", done)

    def _delete_disk(self, scope: str, name: str) -> Any:
        if (scope, name) not in self._world.disks:
            raise Fault("NOT_FOUND", f"The resource {name} was not found")
        if self._world.disks[scope, name].users:
            raise Fault("INVALID_ARGUMENT", f"The disk resource {name} is already being used")

        def done() -> None:
            self._world.disks.pop((scope, name), None)

        return self._begin("delete disk", scope, f"{scope}/disks/{name}", done)

    def _get_group(self, zone: str, name: str) -> Any:
        if name not in self._world.groups:
            raise Fault("NOT_FOUND", f"The resource {name} was not found")
        size = self._world.groups[name]
        actions = compute_v1.InstanceGroupManagerActionsSummary(none=size)
        return compute_v1.InstanceGroupManager(name=name, target_size=size, current_actions=actions)

    def _get_operation(self, name: str) -> Any:
        operation = self._world.operations[name]
        operation.look()
        return _proto(operation)

    def _list_operations(self, region: str) -> Any:
        mine = [operation for operation in self._world.operations.values() if operation.place == f"regions/{region}"]
        return compute_v1.OperationList(items=[_proto(operation) for operation in mine])

    def _begin(self, kind: str, place: str, target: str, done: Callable[[], None]) -> Any:
        return _proto(self._world.begin(kind, place, target, done, lambda: None))


def _proto(operation: Operation) -> compute_v1.Operation:
    states = compute_v1.Operation.Status
    made = compute_v1.Operation(
        name=operation.name,
        status=states.DONE if operation.done else states.RUNNING,
        target_link=f"{HOST}/projects/{PROJECT}/{operation.target}",
    )
    scope, _, place = operation.place.partition("/")
    setattr(made, "zone" if scope == "zones" else "region", f"{HOST}/projects/{PROJECT}/{scope}/{place}")
    if operation.done and operation.error:
        made.error = compute_v1.Error(errors=[compute_v1.Errors(code="FAILED", message=operation.error)])
    return made


def _error(fault: Fault) -> str:
    error: dict[str, Any] = {"code": HTTP[fault.code], "message": fault.message}
    if fault.reason:
        info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": fault.reason, "domain": "googleapis.com"}
        error["details"] = [info]
    return json.dumps({"error": error})
