"""Who may ask: a browser that was given the address, on this machine, from a page of ours.

Other pages in the same browser can send requests here, too, and other people of this machine can reach the port. So a
request needs the cookie that the printed address sets, names this very host (a name that was made to lead here is
refused), and comes from no other page. What comes back may run and load nothing but what is served here.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import PlainTextResponse, RedirectResponse, Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "copydesk-token"
TOKEN = "token"
MOST_BYTES = 64 << 10  # of what is sent here
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # with none at all a form of ours would come from nowhere
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


class Guard:
    """Answers whoever may not ask, and hands on the others."""

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app, self._token = app, token
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        answer = self._refusal(scope)
        await (answer or self._app)(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        """What is answered in the place of a page; None for whoever may ask."""
        headers = Headers(scope=scope)
        if headers.get("host") not in self._hosts:
            return PlainTextResponse("This is no name of the desk.", 421)
        given = QueryParams(scope["query_string"]).get(TOKEN, "")
        if scope["method"] == "GET" and hmac.compare_digest(given.encode(), self._token.encode()):
            answer = RedirectResponse(scope["path"], 303)
            answer.set_cookie(f"{COOKIE}-{scope['server'][1]}", self._token, httponly=True, samesite="strict")
            return answer
        if not hmac.compare_digest(_cookie(headers, f"{COOKIE}-{scope['server'][1]}").encode(), self._token.encode()):
            return PlainTextResponse("Open the address that `copydesk desk` has printed.", 403)
        if scope["method"] not in ("GET", "HEAD"):
            origin = headers.get("origin", "")
            if origin.removeprefix("http://") not in self._hosts or headers.get("sec-fetch-site", "same-origin") != (
                "same-origin"
            ):
                return PlainTextResponse("Only pages of the desk may ask for that.", 403)
            if not headers.get("content-length", "").isdecimal() or int(headers["content-length"]) > MOST_BYTES:
                return PlainTextResponse("That is too much.", 413)
        return None


def _cookie(headers: Headers, name: str) -> str:
    found = (part.strip().partition("=") for part in headers.get("cookie", "").split(";"))
    return next((value for key, _, value in found if key == name), "")
