"""The application: which address leads to which page. Nothing that is asked for is a path of a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.desk.batches import Desk
from pipeline.desk.views import Views
from pipeline.errors import CopydeskError, InputError, SettingsError


def app(desk: Desk) -> Starlette:
    """The application, unguarded."""
    views = Views(desk)
    get = {
        "/": views.home,
        "/batch/{name}": views.articles,
        "/batch/{name}/article": views.article,
        "/batch/{name}/copy": views.copy,
        "/batch/{name}/lines": views.lines,
        "/batch/{name}/quarantine": views.quarantine,
        "/batch/{name}/trial": views.trial,
        "/compare": views.compare,
        "/jobs/{number:int}": views.job,
        "/jobs/{number:int}/state": views.state,
        "/desk.css": views.style,
        "/desk.js": views.script,
    }
    post = {
        "/batch/{name}/lines": views.decide,
        "/batch/{name}/quarantine": views.retry,
        "/batch/{name}/trial": views.start_trial,
        "/compare": views.start_comparison,
        "/jobs/{number:int}": views.stop,
    }
    routes = [Route(path, _answered(page, views), methods=["GET"]) for path, page in get.items()]
    routes += [Route(path, _answered(page, views, is_form=True), methods=["POST"]) for path, page in post.items()]
    return Starlette(routes=routes, exception_handlers={404: views.missing})


def _answered(page: Callable[..., Response], views: Views, *, is_form: bool = False) -> Callable[[Request], Any]:
    """A page in a thread of its own, which gets the form if there is one; an error of ours becomes a page, too."""

    async def answer(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"))) if is_form else None
        try:
            return await run_in_threadpool(page, request, *([form] if is_form else []))
        except CopydeskError as error:
            status = 404 if isinstance(error, InputError) else 400 if isinstance(error, SettingsError) else 409
            return views.page("error", status, said=str(error))
        except OSError as error:  # a run has put something else in the place of what was being read
            return views.page("error", 409, said=f"What lies there has changed just now; open the page again. {error}")

    return answer
