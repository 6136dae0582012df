"""The shop's REST Admin API over HTTP: token, rate bucket, moods, routes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from sandbox.moods import Mood, Moods, Spell
from sandbox.shop import versions
from sandbox.shop.access import Access
from sandbox.shop.bucket import LeakyBucket
from sandbox.shop.paging import BadQuery
from sandbox.shop.query import body
from sandbox.shop.shop import Refused
from sandbox.web import Drop, Hang, Reply, Request, json_reply

#: The name under which the shop's calls are counted and its moods are set.
PARTNER = "shop"
_ABLE = frozenset(Mood)
_PATH = re.compile(r"/admin/(?:api/(?P<version>[0-9]{4}-[0-9]{2})|oauth)(?P<rest>/.*)")

Endpoint = Callable[..., Reply]


class NotFound(Exception):
    """There is nothing with this id."""


@dataclass(frozen=True, slots=True)
class Route:
    """One call of the API; `label` is what it is counted as."""

    method: str
    pattern: re.Pattern[str]
    label: str
    serve: Endpoint


def route(method: str, path: str, serve: Endpoint) -> Route:
    """Return a route; `{id}` in its path stands for a number handed to the endpoint."""
    pattern = re.compile(re.escape(path).replace(r"\{id\}", "([0-9]{1,20})"))
    return Route(method, pattern, f"{method} {path}", serve)


class Api:
    """Answers one request after another for one shop."""

    def __init__(
        self,
        routes: tuple[Route, ...],
        access: Access,
        bucket: LeakyBucket,
        moods: Moods,
        beside: Callable[[Request], Reply | None],
    ) -> None:
        """`beside` answers what is no call of the API, where it can."""
        self._routes, self._beside = routes, beside
        self._access = access
        self._bucket = bucket
        self._moods = moods

    async def handle(self, request: Request) -> Reply:
        """Count the call, act out a mood if one strikes, and otherwise serve it."""
        matched = _PATH.fullmatch(request.path)
        found = self._find(request.method, matched["rest"]) if matched else None
        label = (found[0].label if found else f"{request.method} {request.path}") + self._operation(request)
        self._moods.count(PARTNER, label)
        spell = self._moods.meet(PARTNER, label, _ABLE)
        if spell is not None and (early := await self._acted(spell)) is not None:
            return early
        reply = self._served(request, found)
        if spell is not None and spell.mood is Mood.LOST_REPLY:
            raise Drop
        about = {"X-Request-Id": str(uuid4())}
        if matched and matched["version"]:
            about |= versions.about(matched["version"], matched["rest"])
        if not self._counts_points(request):
            about["X-Shopify-Shop-Api-Call-Limit"] = self._bucket.header
        return Reply(reply.status, reply.body, {**about, **reply.headers})

    def _find(self, method: str, path: str) -> tuple[Route, tuple[int, ...]] | None:
        for each in self._routes:
            matched = each.pattern.fullmatch(path) if each.method == method else None
            if matched:
                return each, tuple(int(group) for group in matched.groups())
        return None

    async def _acted(self, spell: Spell) -> Reply | None:
        match spell.mood:
            case Mood.DOWN:
                raise Drop
            case Mood.HANG:
                raise Hang
            case Mood.SLOW:
                await asyncio.sleep(spell.seconds)
                return None
            case Mood.BUSY:
                return _too_fast(spell.seconds)
            case Mood.UNAVAILABLE:
                return json_reply(503, {"errors": "Service Unavailable"})
            case Mood.LOCKED_OUT:
                return _locked_out()
            case Mood.PICKY:
                return json_reply(422, {"errors": ["The shop is picky today and refuses this."]})
            case Mood.LOST_REPLY:
                return None

    def _served(self, request: Request, found: tuple[Route, tuple[int, ...]] | None) -> Reply:
        if (request.method, request.path) == ("POST", "/admin/oauth/access_token"):
            return self._granted(request)
        if (file := self._beside(request)) is not None:
            return file
        if not self._access.allows(request.headers.get("x-shopify-access-token", "")):
            return _locked_out()
        if not self._counts_points(request) and not self._bucket.pour():
            return _too_fast(2.0)
        return _answered(request, *found) if found else json_reply(404, {"errors": "Not Found"})

    @staticmethod
    def _counts_points(request: Request) -> bool:
        """Say whether the call is GraphQL, which has a bucket of its own."""
        return request.path.endswith("/graphql.json")

    def _operation(self, request: Request) -> str:
        """Return the name of a GraphQL operation, to count and spoil each by itself: `POST /graphql.json levels`."""
        if not self._counts_points(request):
            return ""
        try:
            return f" {body(request).get('operationName') or ''}".rstrip()
        except BadQuery:
            return ""

    def _granted(self, request: Request) -> Reply:
        """Give an app its token of a day."""
        try:
            granted = self._access.grant(body(request))
        except BadQuery:
            granted = None
        if granted is None:
            return json_reply(400, {"error": "invalid_request", "error_description": "Invalid client credentials"})
        return json_reply(200, granted)


def _answered(request: Request, found: Route, ids: tuple[int, ...]) -> Reply:
    """Call an endpoint; what it refuses becomes the API's own answer."""
    try:
        return found.serve(request, *ids)
    except NotFound:
        return json_reply(404, {"errors": "Not Found"})
    except BadQuery as bad:
        return json_reply(400, {"errors": bad.errors})
    except Refused as refused:
        return json_reply(422, {"errors": [str(refused)]})


def _too_fast(seconds: float) -> Reply:
    words = "Exceeded 20 calls per second for api client. Reduce request rates to resume uninterrupted service."
    return json_reply(429, {"errors": words}, {"Retry-After": f"{seconds:.1f}"})


def _locked_out() -> Reply:
    words = "[API] Invalid API key or access token (unrecognized login or wrong password)"
    return json_reply(401, {"errors": words})
