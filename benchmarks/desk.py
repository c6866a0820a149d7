"""`python -m benchmarks.desk FOLDER`: how long pages of `copydesk desk` take, as a browser waits for them.

The folder holds an `output`, as `python -m benchmarks.scale 1000000 --workers 2 --keep FOLDER` leaves it; all pages are
of its newest batch. The first time of each is that of a page that nobody has asked for yet.
"""

from __future__ import annotations

import argparse
import http.client
import os
import signal
import statistics
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.desk import guard
from pipeline.run import batch

ROUNDS = 5
PAGES = {
    "batches": "/",
    "documents": "/batch/{batch}",
    "words that many have": "/batch/{batch}?words=minister",
    "words that nobody has": "/batch/{batch}?words=no+such+words+anywhere",
    "a site": "/batch/{batch}?site=site7.example",
    "a language": "/batch/{batch}?language=de",
    "a score": "/batch/{batch}?low=0.99",
    "a verdict": "/batch/{batch}?place=dropped",
    "a rule that finds much": "/batch/{batch}?rule=encoding/lost_quote",
    "a rule that finds little": "/batch/{batch}?rule=boilerplate/share_prompt",
    "an id": "/batch/{batch}?begins=d00499999",
    "an article": "/batch/{batch}/article?id=d00000007",
    "learned lines": "/batch/{batch}/lines",
    "quarantine": "/batch/{batch}/quarantine",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where an `output` is")
    folder = parser.parse_args().folder
    name = batch.names(folder / "output")[0]
    command = [sys.executable, "-m", "pipeline", "desk"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = urlsplit(process.stdout.readline().strip())
        cookie = f"{guard.COOKIE}-{address.port}={address.query.partition('=')[2]}"
        for said, path in PAGES.items():
            took = [_seconds(address.netloc, path.format(batch=name), cookie) for _ in range(ROUNDS + 1)]
            print(f"{said:>24}: {1_000 * took[0]:5.0f} ms at first, {1_000 * statistics.median(took[1:]):5.0f} ms then")
        process.send_signal(signal.SIGINT)


def _seconds(host: str, path: str, cookie: str) -> float:
    started = time.perf_counter()
    with closing(http.client.HTTPConnection(host)) as connection:
        connection.request("GET", path, headers={"Cookie": cookie})
        with connection.getresponse() as answer:
            answer.read()
            if answer.status != 200:
                raise SystemExit(f"{path}: {answer.status}")
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
