"""A session of Spark: how it is opened, with which settings, and how the package gets to where the work is done."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipeline.engine import cache, whole
from pipeline.engine.cluster import Spark
from pipeline.engine.limits import WORKER
from pipeline.errors import SettingsError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PACKAGE = Path(__file__).parents[1]
LEAST_JAVA = 17
LOG = "spark.log"  # beside the outputs of the batch: what Java says
SHIPPED = "copydesk"  # what the package is called where executors unpack it

_NO_JAVA = (
    f"[run] engine: Spark runs on Java {LEAST_JAVA} or later, {{found}}; "
    f'install it (apt-get install openjdk-{LEAST_JAVA}-jre-headless) and name it in JAVA_HOME, or use engine = "local"'
)


class Session(NamedTuple):
    """A session, and whether it was opened here: what others have opened is theirs to close."""

    spark: SparkSession
    is_own: bool

    def close(self) -> None:
        """Let go of it."""
        if self.is_own:
            self.spark.stop()


def opened(settings: Spark, scratch: str) -> Session:
    """The session of this process, which is opened if there is none; what Java says of it goes to `scratch`.

    Raises:
        SettingsError: there is no PySpark here, no Java, no cluster under that name, or a session of somebody else.
    """
    try:
        from pyspark import SparkConf, SparkContext
        from pyspark.java_gateway import launch_gateway
        from pyspark.sql import SparkSession
    except ModuleNotFoundError as error:
        raise SettingsError(f"[run] engine: {error}; install it: pip install 'copydesk[spark]'") from error
    if (context := SparkContext._active_spark_context) is not None:
        if context.getConf().get(f"spark.executorEnv.{WORKER}") is None:
            raise SettingsError(
                "[run] engine: a session of Spark that is not ours is open in this process; stop it first"
            )
        return Session(SparkSession.builder.getOrCreate().newSession(), is_own=False)
    refuse_without_java()
    folder = Path(scratch)
    folder.mkdir(parents=True, exist_ok=True)
    conf = SparkConf(loadDefaults=False).setAll(sorted(conf_of(settings, package()).items()))
    log = folder / LOG
    try:
        if SparkContext._gateway is None:
            with log.open("a") as stream:  # Java greets, and warns of what nobody here can change
                gateway = launch_gateway(conf, {"stderr": stream, "stdout": stream})  # type: ignore[no-untyped-call]
            SparkContext._ensure_initialized(gateway=gateway)
        context = SparkContext.getOrCreate(conf)
        context.pythonExec = conf.get("spark.pyspark.python", os.environ.get("PYSPARK_PYTHON", sys.executable))
        return Session(SparkSession(context), is_own=True)
    except Exception as error:  # of Python, of py4j, of Java
        said = str(error).strip().partition("\n")[0]
        raise SettingsError(f"[spark] master {settings.master!r}: no session: {said}; see {log}") from error


def conf_of(settings: Spark, archive: Path) -> dict[str, str]:
    """All that is said to Spark; what the settings say in `conf` comes last."""
    is_local = settings.master.startswith("local")
    conf = {
        "spark.master": settings.master,
        "spark.app.name": "copydesk",
        "spark.executor.memory": settings.memory,
        "spark.driver.memory": settings.memory if is_local else "1g",  # nothing that grows with the corpus comes there
        "spark.archives": f"{archive}#{SHIPPED}",
        "spark.executorEnv.PYTHONPATH": str(PACKAGE.parent) if is_local else SHIPPED,
        f"spark.executorEnv.{WORKER}": "1",
        "spark.ui.enabled": "false",  # it shows settings and the environment to whoever asks
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.parquet.compression.codec": "zstd",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
        "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
        # two attempts at a task may write at once: only one of them is moved into place
        "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "1",
        "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
    }
    if is_local:
        conf |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    if settings.partitions:
        conf["spark.sql.shuffle.partitions"] = str(settings.partitions)
    said = {name: _said(value) for name, value in settings.conf.items()}
    if "spark.archives" in said:
        said["spark.archives"] += f",{conf['spark.archives']}"
    return conf | said


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def package() -> Path:
    """The package as an archive that executors unpack, named by its content: data and compiled loops are files there.

    Not as a module path: files that lie beside modules are opened by their paths.
    """
    files = sorted(f for f in PACKAGE.rglob("*") if f.is_file() and "__pycache__" not in f.parts and f.suffix != ".tmp")
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(PACKAGE)}\0".encode() + file.read_bytes())
    archive = cache.folder() / f"package-{digest.hexdigest()[:16]}.zip"  # nobody else can put one there
    if not archive.exists():
        archive.parent.mkdir(parents=True, exist_ok=True)
        temporary = whole.unfinished(archive)
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as written:
            for file in files:
                written.write(file, Path(PACKAGE.name, file.relative_to(PACKAGE)))
        temporary.replace(archive)
    return archive


def refuse_without_java() -> None:
    """Make sure that there is a Java that runs Spark.

    Raises:
        SettingsError: there is none.
    """
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else shutil.which("java")
    if java is None:
        raise SettingsError(_NO_JAVA.format(found="and there is none here"))
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SettingsError(_NO_JAVA.format(found=f"and {java} does not start")) from error
    version = re.search(r'version "(?:1\.)?(\d+)', said.stderr + said.stdout)
    if version is None or int(version[1]) < LEAST_JAVA:
        raise SettingsError(_NO_JAVA.format(found=f"and {java} is Java {version[1] if version else 'of no version'}"))
