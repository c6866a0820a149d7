"""What lies in `deploy/` is tried: by the tools that read it, where they are there, and by running what it starts."""

from __future__ import annotations

import datetime
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

import pipeline
from pipeline import config
from pipeline.console import cli
from pipeline.errors import InputError, LimitError, SettingsError
from pipeline.run import notify
from pipeline.run.outcome import Outcome
from pipeline.stages.order import STAGES
from tests import scheduler
from tests.runs import ROOT, articles, write_jsonl

DEPLOY = ROOT / "deploy"
BIN = Path(sys.executable).parent
DAY = datetime.date.today().isoformat()


def text_of(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def needs(tool: str) -> str:
    """The path of a tool; without it the test is skipped."""
    found = shutil.which(tool)
    if found is None:
        pytest.skip(f"{tool} is not on this machine")
    return found


def tool(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=300)


def placed(text: str, project: Path) -> str:
    """What a file says, for a project that lies elsewhere, with the programs of this environment."""
    text = text.replace("/srv/copydesk/.venv/bin", str(BIN)).replace("/srv/copydesk", str(project))
    return text.replace("/var/lib/luigid", str(project / "luigid"))


# --- commands ----------------------------------------------------------------------------------------------------


def exec_start(unit: str) -> list[str]:
    """The command of a unit."""
    [line] = re.findall(r"^ExecStart=(.+)$", text_of(unit), re.MULTILINE)
    return shlex.split(line)


def cron_lines() -> list[str]:
    """The commands of the crontab."""
    lines = [line for line in text_of("crontab").splitlines() if re.match(r"[\d*]", line)]
    return [line.split(maxsplit=5)[5] for line in lines]


def from_image(name: str) -> list[str]:
    """What an instruction of the Dockerfile holds that is a list."""
    [line] = re.findall(rf"^{name} (\[.+\])$", text_of("Dockerfile"), re.MULTILINE)
    found: list[str] = json.loads(line)
    return found


def job_arguments() -> list[str]:
    [line] = re.findall(r"^ +args: (\[.+\])$", text_of("cronjob.yaml"), re.MULTILINE)
    found: list[str] = json.loads(line)
    return found


def commands() -> list[tuple[str, list[str]]]:
    """Every command of Copydesk in any of these files, with the name of the file."""
    of_cron = [re.sub(r"\$\(date -I\)", DAY, line.partition("&& copydesk ")[2]) for line in cron_lines()]
    found = [("crontab", shlex.split(line.partition(">")[0])) for line in of_cron]
    found += [("copydesk.service", exec_start("copydesk.service")[1:])]
    found += [("Dockerfile", from_image("CMD")), ("cronjob.yaml", job_arguments())]
    for file in sorted(DEPLOY.iterdir()):
        said = re.findall(r"`copydesk ([^`]+)`|: copydesk (\w+ FIRST\.\.LAST)", file.read_text(encoding="utf-8"))
        found += [(file.name, shlex.split(one or other)) for one, other in said]
    return found


@pytest.mark.parametrize(("file", "arguments"), commands(), ids=lambda value: str(value))
def test_the_command_takes_every_line_that_is_written_anywhere(file: str, arguments: list[str]) -> None:
    assert cli._parser().parse_args(arguments).command in cli.COMMANDS


def test_commands_are_found_where_they_are() -> None:
    assert {file for file, _ in commands()} == {
        *("Dockerfile", "copydesk.service", "copydesk.timer", "cronjob.yaml", "crontab", "luigid.service"),
        "prometheus.rules.yml",
    }  # fmt: skip
    assert from_image("ENTRYPOINT") == ["copydesk"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project as these files expect it: an inbox, settings, folders for what comes out."""
    for name in ("configs", "output", "logs", "luigid"):
        (tmp_path / name).mkdir()
    write_jsonl(tmp_path / "inbox" / DAY / "a.jsonl", [{**row, "id": row["id"] * 2} for row in articles(1)])
    (tmp_path / "configs" / "copydesk.toml").write_text('[run]\ninput = "../inbox/{batch}"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{BIN}:{os.environ['PATH']}")
    return tmp_path


def started(project: Path) -> dict[str, list[str]]:
    """What each of these files starts of a night, for a project that lies elsewhere."""
    entry = [str(BIN / from_image("ENTRYPOINT")[0])]
    [path] = re.findall(r"^PATH=.+$", text_of("crontab"), re.MULTILINE)
    cron = placed(f"{path}\n{cron_lines()[0]}", project)
    return {
        "copydesk.service": shlex.split(placed(shlex.join(exec_start("copydesk.service")), project)),
        "crontab": ["/bin/sh", "-c", cron],
        "Dockerfile": entry + from_image("CMD"),
        "cronjob.yaml": entry + job_arguments(),
    }


@pytest.mark.parametrize("file", ["copydesk.service", "crontab", "Dockerfile", "cronjob.yaml"])
def test_what_is_started_of_a_night_publishes_the_batch_of_the_day(project: Path, file: str) -> None:
    done = tool(*started(project)[file])
    assert (done.returncode, done.stderr) == (0, "")
    assert [document.id for document in pipeline.read_corpus("output/corpus")] == ["a0a0"]
    assert [folder.name for folder in (project / "output" / "corpus" / "batches").iterdir()] == [DAY]
    if file in ("copydesk.service", "crontab"):
        events = [json.loads(line) for line in (project / "logs" / "copydesk.jsonl").read_text().splitlines()]
        assert events[-1]["published"] == 1
    assert (done.stdout == "") == (file == "crontab")  # cron would send it by mail


# --- systemd -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spoilt", ["", "\n[Service]\nProtectSytem=strict\n"], ids=["as it is", "misspelt"])
@pytest.mark.parametrize("unit", ["copydesk.service", "copydesk.timer", "luigid.service"])
def test_systemd_takes_the_units(project: Path, unit: str, spoilt: str) -> None:
    analyze = needs("systemd-analyze")
    units = project / "units"
    units.mkdir()
    for file in (*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")):
        (units / file.name).write_text(placed(file.read_text(), project) + (spoilt if file.name == unit else ""))
    done = tool(analyze, "verify", "--man=no", units / unit)
    said = [line for line in (done.stderr + done.stdout).splitlines() if str(units) in line or line.startswith(unit)]
    assert (done.returncode == 0 and said == []) == (not spoilt), done.stderr


@pytest.mark.parametrize("unit", ["copydesk.service", "luigid.service"])
def test_a_service_may_do_little_besides_its_work(unit: str) -> None:
    """Of 0 to 10, as systemd counts; a service without any of these settings has 9.6, below 2 is "OK"."""
    done = tool(needs("systemd-analyze"), "security", "--offline=true", "--threshold=20", DEPLOY / unit)
    assert done.returncode == 0, done.stdout[-300:]


def test_a_service_may_write_where_it_writes() -> None:
    """What the batch writes: outputs, the log, what `[notify] metrics` names in docs/operations.md."""
    written = re.findall(r"^ReadWritePaths=(.+)$", text_of("copydesk.service"), re.MULTILINE)
    assert " ".join(written).split() == ["/srv/copydesk/output", "/srv/copydesk/logs", "-/var/lib/node_exporter"]
    assert 'metrics = "/var/lib/node_exporter/' in (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_what_waits_for_somebody_is_not_tried_again() -> None:
    for_good = re.findall(r"^RestartPreventExitStatus=(.+)$", text_of("copydesk.service"), re.MULTILINE)
    assert for_good == [f"{InputError.exit_code} {LimitError.exit_code}"]
    assert "\nSuccessExitStatus=" not in text_of("copydesk.service")


def test_luigid_keeps_its_state_and_its_history_over_a_restart(project: Path) -> None:
    pytest.importorskip("sqlalchemy", reason="sqlalchemy is not installed: Luigi keeps no history of tasks without it")
    [variable] = re.findall(r"^Environment=(\w+)=/srv/copydesk/deploy/luigid.cfg$", text_of("luigid.service"), re.M)
    (project / "luigid.cfg").write_text(placed(text_of("luigid.cfg"), project))
    port = scheduler.free_port()
    command = shlex.split(placed(shlex.join(exec_start("luigid.service")), project).replace("8082", str(port)))
    environment = {**os.environ, variable: str(project / "luigid.cfg")}
    with scheduler.running(command, port, environment):
        task = ["CleanCorpus", "--name", DAY, "--scheduler-port", str(port)]
        done = tool(BIN / "luigi", "--module", "pipeline.tasks", *task)
        assert done.returncode == 0, done.stderr
    assert (project / "luigid" / "state.pickle").stat().st_size > 0
    with scheduler.running(command, port, environment):
        shown = {task["name"]: task["status"] for task in scheduler.ask(port, "task_list", status="DONE").values()}
        assert (shown["CleanCorpus"], shown["PublishCorpus"]) == ("DONE", "DONE")
        page = scheduler.page(port, "history")
        assert [name for name in ("CleanCorpus", "PublishCorpus", "ReadDocuments") if name not in page] == []


# --- cron --------------------------------------------------------------------------------------------------------


def test_cron_takes_the_crontab() -> None:
    crontab = needs("crontab")
    done = tool(crontab, "-n", DEPLOY / "crontab")  # only looks at the file
    if "invalid option" in done.stderr:
        pytest.skip("the crontab of this machine cannot be asked to only look at a file")
    assert done.returncode == 0, done.stderr


def test_the_crontab_is_the_one_of_the_runbook() -> None:
    said = re.findall(r"```cron\n(.*?)```", (ROOT / "docs" / "operations.md").read_text(encoding="utf-8"), re.DOTALL)
    assert [line for block in said for line in block.splitlines()] == [
        line for line in text_of("crontab").splitlines() if line.endswith(cron_lines()[0])
    ]


# --- the image ---------------------------------------------------------------------------------------------------


def copied() -> list[str]:
    """What the Dockerfile copies out of the project."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", text_of("Dockerfile"), re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


def test_what_the_image_is_made_of_is_there_and_is_sent_along() -> None:
    sent = [line[1:] for line in text_of("Dockerfile.dockerignore").splitlines() if line.startswith("!")]
    assert sorted(copied()) == sorted(sent)
    assert [name for name in copied() if not (ROOT / name).exists()] == []
    left = {name for name in ("output", "tests", ".venv", "seeds") if any(fnmatch(name, one) for one in sent)}
    assert left == set()


def test_the_image_has_the_versions_that_are_tested_and_no_tools_of_development() -> None:
    mine, all_of_it = pinned(DEPLOY / "requirements.lock"), pinned(ROOT / "requirements.lock")
    assert [line for line in mine if line not in all_of_it] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["luigid"]]
    wanted = [re.split("[>=<]", one)[0] for one in asked]
    assert [name for name in wanted if not any(line.startswith(f"{name}==") for line in mine)] == []
    assert [line for line in mine if re.match("pytest|mypy|ruff|hypothesis", line)] == []


def pinned(lock: Path) -> list[str]:
    """`name==version`, whatever the machines are that it is for."""
    return re.findall(r"^[\w.-]+==[^\s;]+", lock.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_image_is_built_where_a_compiler_is_and_the_compiler_is_left_behind() -> None:
    assert re.findall(r"^FROM (.+)$", text_of("Dockerfile"), re.MULTILINE) == [
        "python:3.11 AS build",
        "python:3.11-slim",
    ]


def test_the_image_is_built_and_runs_as_nobody_in_particular(project: Path) -> None:
    docker = needs("docker")
    if tool(docker, "info").returncode:
        pytest.skip("no Docker daemon answers")
    done = tool(docker, "build", "--quiet", "--file", DEPLOY / "Dockerfile", ROOT)
    assert done.returncode == 0, done.stderr
    run = [docker, "run", "--rm", "--volume", f"{project}/inbox:/srv/copydesk/inbox:ro", done.stdout.strip()]
    assert tool(*run, "--version").stdout == f"copydesk {pipeline.__version__}\n"
    done = tool(*run)
    assert done.returncode == 0, done.stderr
    assert "published 1;" in done.stdout


# --- Kubernetes --------------------------------------------------------------------------------------------------


def resources() -> dict[str, Any]:
    """What `cronjob.yaml` describes, by kind; of several of a kind the last."""
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    return {resource["kind"]: resource for resource in yaml.safe_load_all(text_of("cronjob.yaml"))}


def test_the_job_fits_the_image() -> None:
    job = resources()["CronJob"]["spec"]["jobTemplate"]["spec"]
    pod = job["template"]["spec"]
    [container] = pod["containers"]
    mounted = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
    [folder] = re.findall(r"^WORKDIR (/srv.*)$", text_of("Dockerfile"), re.MULTILINE)
    assert set(mounted) == {*from_image("VOLUME"), f"{folder}/{config.DEFAULT_FILE.parent}", "/tmp"}
    assert [path for path, mount in mounted.items() if not mount.get("readOnly")] == [f"{folder}/output", "/tmp"]
    assert {mount["name"] for mount in mounted.values()} == {volume["name"] for volume in pod["volumes"]}
    [user] = re.findall(r"^USER (\d+)$", text_of("Dockerfile"), re.MULTILINE)
    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsNonRoot"]) == (int(user), True)
    assert container["image"].endswith(f":{pipeline.__version__}")


def test_the_job_is_not_tried_again_where_that_changes_nothing() -> None:
    job = resources()["CronJob"]["spec"]["jobTemplate"]["spec"]
    [rule] = job["podFailurePolicy"]["rules"]
    assert rule["action"] == "FailJob"
    assert rule["onExitCodes"]["values"] == [SettingsError.exit_code, LimitError.exit_code]


def test_the_settings_of_the_job_are_settings(project: Path) -> None:
    settings = resources()["ConfigMap"]["data"]
    (project / config.DEFAULT_FILE).write_text(settings[config.DEFAULT_FILE.name])
    run = config.load(STAGES).run
    assert (run.input, run.output, run.only_new) == ("inbox", "output", True)


def test_kubernetes_takes_the_job() -> None:
    kubectl = needs("kubectl")
    if tool(kubectl, "version", "--request-timeout=5s").returncode:
        pytest.skip("kubectl finds no cluster, and asks one what a CronJob is")
    done = tool(kubectl, "create", "--dry-run=client", "--output=json", "--filename", DEPLOY / "cronjob.yaml")
    assert done.returncode == 0, done.stderr


def test_the_job_is_of_the_shape_that_kubernetes_publishes() -> None:
    validate = pytest.importorskip("kubernetes_validate", reason="kubernetes-validate is not installed")
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    for resource in yaml.safe_load_all(text_of("cronjob.yaml")):
        validate.validate(resource, "1.31", strict=True)
    resource["spec"]["acessModes"] = []
    with pytest.raises(validate.ValidationError, match="acessModes"):
        validate.validate(resource, "1.31", strict=True)


# --- Prometheus --------------------------------------------------------------------------------------------------

NIGHT, DONE = (
    1_795_000_000,
    Outcome("2026-11-24", 9.0, read=100, published=90, dropped=8, quarantined=2, left_out=0, reasons=()),
)
REFUSED = DONE._replace(published=None, quarantined=50, exit_code=3, error="not published")


def written(outcome: Outcome, file: Path, now: float = NIGHT) -> dict[str, float]:
    """The metrics that a run writes, by name and labels."""
    notify.write_metrics(outcome, file, now)
    lines = [line.rpartition(" ") for line in file.read_text().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_alerts_ask_for_what_is_written(tmp_path: Path) -> None:
    told = written(DONE, tmp_path / "run.prom")
    asked = set(re.findall(r"\bcopydesk_\w+(?:\{[^}]*\})?", text_of("prometheus.rules.yml")))
    assert len(asked) >= 4
    assert asked - set(told) == set()


ALERTS: Mapping[str, tuple[Outcome | None, int, Sequence[str]]] = {  # how the last run ended, hours since then
    "a good night": (DONE, 8, []),
    "the night did not come": (DONE, 27, ["CopydeskNoSuccess"]),
    "it was refused": (REFUSED, 1, ["CopydeskQuarantined", "CopydeskRunFailed"]),
    "nothing was new": (DONE._replace(read=0, published=None, quarantined=0), 1, ["CopydeskPublishedNothing"]),
    "much in quarantine": (DONE._replace(quarantined=6), 1, ["CopydeskQuarantined"]),
    "nobody has heard of it": (None, 2, ["CopydeskNeverRun"]),
}


@pytest.mark.parametrize("night", ALERTS)
def test_an_alert_is_raised_where_there_is_reason(tmp_path: Path, night: str) -> None:
    promtool = needs("promtool")
    outcome, hours, expected = ALERTS[night]
    now = hours * 3600
    file = tmp_path / "run.prom"
    if outcome and outcome.error:
        written(DONE, file, now=now - 86_400)
    told = written(outcome, file, now=0 if not outcome.error else now - 3600) if outcome else {}
    assert set(expected) <= set(re.findall(r"alert: (\w+)", text_of("prometheus.rules.yml")))
    case = {
        "rule_files": [str(DEPLOY / "prometheus.rules.yml")],
        "evaluation_interval": "10m",
        "tests": [
            {
                "interval": "10m",
                "input_series": [{"series": name, "values": f"{value:.0f}+0x200"} for name, value in told.items()],
                "promql_expr_test": [
                    {
                        "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                        "eval_time": f"{hours}h",
                        "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in expected],
                    }
                ],
            }
        ],
    }
    (tmp_path / "test.json").write_text(json.dumps(case))
    done = tool(promtool, "test", "rules", tmp_path / "test.json")
    assert done.returncode == 0, done.stdout + done.stderr
