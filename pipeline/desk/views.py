"""What each page is asked with, and what it shows.

A page is made anew for each request, of the outputs as they lie. What comes from documents is written by `_shown`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from pipeline import diff
from pipeline.desk import articles, reading
from pipeline.desk.articles import Filters
from pipeline.desk.batches import MOST_OPEN, Desk
from pipeline.errors import InputError, SettingsError
from pipeline.output.layout import Layout
from pipeline.run import overview, proposals, runs
from pipeline.run.plan import Plan
from pipeline.stages import tables

HERE = Path(__file__).parent
MOST_BATCHES = 200  # listed
MOST_LINES = 200  # learned lines on a page
MOST_GROUPS = 30  # of each kind, of a comparison
SAMPLES = (500, 2_000, 10_000)  # documents that settings can be tried on
Form = Mapping[str, str]


def _shown(value: Any) -> Any:
    """What stands in a page: text is escaped, and what would not show in it has a name; HTML of ours is as it is."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return Markup(diff.plain(value))
    return "" if value is None else value


class Views:
    """The pages; each takes a request, and a form where one is sent."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        loader = FileSystemLoader(HERE / "templates")
        self._templates = Environment(
            loader=loader, autoescape=True, finalize=_shown, trim_blocks=True, lstrip_blocks=True
        )
        self._templates.filters |= {
            "number": lambda n: f"{n:,}",
            "query": urlencode,
            "shown": lambda t: Markup(diff.shown(t)),
        }

    def page(self, name: str, status: int = 200, **told: Any) -> HTMLResponse:
        """A page of that name."""
        running = self._desk.jobs.running
        return HTMLResponse(self._templates.get_template(f"{name}.html").render(running=running, **told), status)

    def missing(self, request: Request, error: Exception) -> HTMLResponse:
        """Where there is no page."""
        return self.page("error", 404, said="There is no such page.")

    # --- which batch, and what is in it ---

    def home(self, request: Request) -> Response:
        """The batches."""
        output = self._desk.place.output
        rows = [overview.of(Layout(output, name)) for name in self._desk.names()[:MOST_BATCHES]]
        return self.page("home", rows=rows, output=str(output))

    def articles(self, request: Request) -> Response:
        """The documents of a batch that meet what was asked."""
        name = request.path_params["name"]
        _, run = self._desk.open(name)
        filters, start = _asked(request)
        found = articles.search(run, filters, start)
        return self.page(
            "articles",
            batch=name,
            filters=filters,
            asked=_query(filters),
            start=start,
            found=found,
            counts=articles.counts_of(run),
            rules=articles.rules_of(run),
            sites=articles.sites_of(run),
            places=tables.PLACES,
        )

    def article(self, request: Request) -> Response:
        """One document as it came, and as it was left."""
        name, identity = request.path_params["name"], request.query_params.get("id", "")
        plan, run = self._desk.open(name)
        view = reading.view(plan, run, identity)
        filters, start = _asked(request)
        around = [row.id for row in articles.search(run, filters, start).rows]
        here = around.index(identity) if identity in around else None
        return self.page(
            "article",
            batch=name,
            view=view,
            last=view.life.steps[-1],
            asked=_query(filters),
            start=start,
            before=around[here - 1] if here else None,
            after=around[here + 1] if here is not None and here + 1 < len(around) else None,
            copies=reading.copies_of(run, identity, name),
        )

    def copy(self, request: Request) -> Response:
        """A copy beside the document that is kept in its place."""
        name, identity = request.path_params["name"], request.query_params.get("id", "")
        plan, run = self._desk.open(name)
        pair = reading.pair(plan, run, identity, lambda other: self._desk.open(other)[1])
        if pair is None:
            raise InputError(f'"{identity}" is no copy, or what was kept in its place has gone')
        return self.page("copy", batch=name, pair=pair)

    # --- learned lines ---

    def lines(self, request: Request) -> Response:
        """The lines that were learned of sites, and what was decided on them."""
        name, site = request.path_params["name"], request.query_params.get("site", "").strip()
        plan = self._fresh(name)
        found = proposals.found(plan, site, MOST_LINES, with_examples=False)
        sites = sorted({line.site for line in found})
        told = [(line, _digest(line.site, line.line)) for line in found]
        return self.page("lines", batch=name, site=site, sites=sites, lines=told, most=MOST_LINES)

    def decide(self, request: Request, form: Form) -> Response:
        """Accept or reject a line, or undo that; the file with the decisions is written."""
        name, site = request.path_params["name"], form.get("site", "")
        decision = form.get("decision", "")
        if decision not in ("accept", "reject", "undo"):
            raise SettingsError(f"decision: must be accept, reject or undo; got {decision!r}")
        plan = self._fresh(name)
        for line in proposals.found(plan, site, MOST_LINES, with_examples=False):
            if _digest(line.site, line.line) == form.get("line"):
                proposals.decide(plan, line.site, line.line, "" if decision == "undo" else decision)
                query = urlencode({"site": site} if site else {})
                return RedirectResponse(f"/batch/{name}/lines?{query}#l-{form['line']}", 303)
        raise InputError("that line is not among those of the batch any more")

    def _fresh(self, name: str) -> Plan:
        """The plan of a batch with the decisions as they are by now."""
        self._desk.open(name)
        return self._desk.place.plan_of(name)

    # --- quarantine ---

    def quarantine(self, request: Request) -> Response:
        """Why documents are in quarantine."""
        name = request.path_params["name"]
        _, run = self._desk.open(name)
        reasons = articles.reasons_of(run)
        return self.page("quarantine", batch=name, counts=articles.counts_of(run), reasons=reasons)

    def retry(self, request: Request, form: Form) -> Response:
        """Take the documents in quarantine through again."""
        name = request.path_params["name"]
        self._desk.open(name)
        back = f"/batch/{name}/quarantine"
        return self._started(f"retry of {name}", back, self._desk.command("retry", "--batch", name))

    def _started(self, title: str, back: str, arguments: Sequence[str]) -> Response:
        return RedirectResponse(f"/jobs/{self._desk.jobs.start(title, back, arguments).number}", 303)

    # --- comparing, and trying settings ---

    def compare(self, request: Request) -> Response:
        """Which two runs?"""
        names = self._desk.names()
        before = [name for name in names[:MOST_OPEN] if runs.before(self._desk.open(name)[0])]
        return self.page("compare", names=names, before=before)

    def start_comparison(self, request: Request, form: Form) -> Response:
        """Compare two runs."""
        sides = [form.get(side, "") for side in ("one", "other")]
        for side in sides:
            self._desk.open(side.removesuffix("~"))
        command = self._desk.command("compare", *sides)
        return self._started(f"{sides[0]} beside {sides[1]}", "/compare", command)

    def trial(self, request: Request) -> Response:
        """Which settings of a rule?"""
        name = request.path_params["name"]
        plan, run = self._desk.open(name)
        judges = {judge.name: judge for stage in plan.batch.settings.stages for judge in stage.judges}
        rule = request.query_params.get("rule", "")
        if rule and rule not in judges:
            raise InputError(f'no rule "{rule}" is switched on in {name}')
        settings = _numbers(judges[rule].settings) if rule else {}
        counts = articles.rules_of(run)
        told = {judge: counts.get(judge, 0) for judge in sorted(judges)}
        doc = judges[rule].summary if rule else ""
        return self.page("trial", batch=name, rules=told, rule=rule, settings=settings, samples=SAMPLES, doc=doc)

    def start_trial(self, request: Request, form: Form) -> Response:
        """Compare the batch with what it would be under other settings of a rule."""
        name, rule = request.path_params["name"], form.get("rule", "")
        plan, _ = self._desk.open(name)
        judge = next((j for stage in plan.batch.settings.stages for j in stage.judges if j.name == rule), None)
        if judge is None:
            raise InputError(f'no rule "{rule}" is switched on in {name}')
        changed = [] if form.get("enabled", "yes") == "yes" else [f'rules."{rule}".enabled = false']
        for setting, value in _numbers(judge.settings).items():
            given = form.get(setting, str(value)).strip()
            if given != str(value):
                changed.append(f'rules."{rule}".{setting} = {_number(setting, given)}')
        if not changed:
            raise SettingsError("nothing is different: change a setting, or switch the rule off")
        sample = form.get("sample", "")
        if sample not in map(str, SAMPLES):
            raise SettingsError(f"sample: must be one of {SAMPLES}; got {sample!r}")
        more = [part for setting in changed for part in ("--set", setting)]
        command = self._desk.command("compare", name, "--sample", sample, *more)
        return self._started(
            f"{name} with {', '.join(changed)}", f"/batch/{name}/trial?{urlencode({'rule': rule})}", command
        )

    # --- commands that run ---

    def job(self, request: Request) -> Response:
        """What a command does, or what came of it."""
        job = self._desk.jobs.get(request.path_params["number"])
        if job is None:
            raise InputError("there is no such command any more")
        result = job.result if job.code is not None else None
        is_comparison = isinstance(result, dict) and "groups" in result
        name = job.arguments[1].removesuffix("~") if job.arguments[0] == "compare" else ""
        return self.page("job", job=job, result=result if is_comparison else None, batch=name, most=MOST_GROUPS)

    def state(self, request: Request) -> Response:
        """Whether it still runs."""
        job = self._desk.jobs.get(request.path_params["number"])
        return JSONResponse({"running": job is not None and job.code is None, "said": job.said if job else ""})

    def stop(self, request: Request, form: Form) -> Response:
        """Stop it."""
        number = request.path_params["number"]
        if job := self._desk.jobs.get(number):
            job.stop()
        return RedirectResponse(f"/jobs/{number}", 303)

    # --- what pages load ---

    def style(self, request: Request) -> Response:
        """The style of the report, and what a desk has besides."""
        report = HERE.parent / "output" / "report" / "style.css"
        style = "\n".join(file.read_text(encoding="utf-8") for file in (report, HERE / "desk.css"))
        return Response(style, media_type="text/css")

    def script(self, request: Request) -> Response:
        """Keys."""
        return Response((HERE / "desk.js").read_text(encoding="utf-8"), media_type="text/javascript")


def _asked(request: Request) -> tuple[Filters, str]:
    return articles.filters_of(request.query_params), request.query_params.get("from", "")


def _query(filters: Filters) -> dict[str, Any]:
    """The filters as an address has them."""
    return {name: value for name, value in filters._asdict().items() if value not in ("", None)}


def _digest(site: str, line: str) -> str:
    """What a page calls a line by."""
    return hashlib.sha256(f"{site}\n{line}".encode()).hexdigest()[:16]


def _numbers(settings: Mapping[str, Any]) -> dict[str, float]:
    """The settings that are numbers: those can be tried."""
    return {
        name: value
        for name, value in settings.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _number(name: str, given: str) -> str:
    """A number as TOML has it.

    Raises:
        SettingsError: it is none.
    """
    try:
        return str(int(given))
    except ValueError:
        pass
    try:
        return repr(float(given))
    except ValueError as error:
        raise SettingsError(f"{name}: must be a number; got {given!r}") from error
