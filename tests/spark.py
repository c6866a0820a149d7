"""A small Spark cluster on the loopback: a master and two workers, as a test of the engine needs them."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pyspark

from pipeline.engine import session
from pipeline.engine.cluster import Spark
from pipeline.errors import SettingsError

SPARK_CLASS = Path(pyspark.__file__).parent / "bin" / "spark-class"
# less is compiled and collected than on a real cluster: what a query costs here is mostly that
LEAN = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
HOSTS = ("127.0.0.1", "127.0.0.2")
CONF = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.extraJavaOptions": LEAN,
    "spark.executor.extraJavaOptions": LEAN,
    "spark.executor.cores": "1",
    "spark.cores.max": "2",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    # a task that hangs is tried beside itself, on the other worker
    "spark.speculation": "true",
    "spark.speculation.quantile": "0.5",
    "spark.speculation.minTaskRuntime": "4s",
}


def why_not() -> str:
    """Why Spark cannot be started here; "" where it can."""
    try:
        session.refuse_without_java()
    except SettingsError as error:
        return str(error)
    return ""


class Cluster(NamedTuple):
    """Where its master is, where it works, what its machines have in their environment, its workers by their hosts."""

    master: str
    folder: Path
    environment: Mapping[str, str]
    workers: dict[str, subprocess.Popen[str]]

    @property
    def settings(self) -> Spark:
        """As the engine takes them."""
        return Spark(self.master, "512m", 2, CONF)

    def toml(self) -> str:
        """The same as a settings file says it."""
        conf = "".join(f'"{name}" = "{value}"\n' for name, value in CONF.items())
        return f'[spark]\nmaster = "{self.master}"\nmemory = "512m"\npartitions = 2\n[spark.conf]\n{conf}'

    def mend(self) -> None:
        """Let there be two workers, whoever has died; wait until the master knows them."""
        for host in HOSTS:
            if host in self.workers and self.workers[host].poll() is None:
                continue
            options = ["--cores", "2", "--memory", "1g", "--host", host, "--webui-port", "0"]
            options += ["--work-dir", str(self.folder / f"work-{host}"), self.master]
            name = "org.apache.spark.deploy.worker.Worker"
            says = r"registered with master"
            self.workers[host], _ = _started(self.folder, name, options, says, self.environment)


@contextmanager
def started(folder: Path, environment: Mapping[str, str]) -> Iterator[Cluster]:
    """A master and two workers with this in their environment, which know nothing of the project.

    They end with the block.
    """
    options = ["--host", "127.0.0.1", "--port", "0", "--webui-port", "0"]
    master, found = _started(folder, "org.apache.spark.deploy.master.Master", options, r"master at (spark://\S+)")
    cluster = Cluster(found[1], folder, environment, {})
    try:
        cluster.mend()
        yield cluster
    finally:
        for process in (master, *cluster.workers.values()):
            process.kill()
            process.wait()


def _started(
    folder: Path, name: str, options: list[str], says: str, more: Mapping[str, str] = MappingProxyType({})
) -> tuple[subprocess.Popen[str], re.Match[str]]:
    """A Java process of Spark that has said that it is ready."""
    kept = {n: v for n, v in os.environ.items() if n in ("PATH", "JAVA_HOME", "HOME", "LANG")}
    environment: Mapping[str, Any] = {**kept, **more, "SPARK_DAEMON_JAVA_OPTS": LEAN, "SPARK_DAEMON_MEMORY": "128m"}
    log = folder / f"{name.rpartition('.')[2]}-{len(list(folder.iterdir()))}.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [str(SPARK_CLASS), name, *options], cwd=folder, env=environment, stdout=stream, stderr=stream, text=True
        )
    deadline = time.monotonic() + 120
    while not (found := re.search(says, log.read_text())):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)  # no event tells of what another process writes
    return process, found
