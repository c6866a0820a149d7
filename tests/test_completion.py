"""Shells complete what the parser knows: tried in bash itself, read for the others."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from pipeline.console import cli
from pipeline.run.steps import chain


def script(capsys: pytest.CaptureFixture[str], shell: str) -> str:
    assert cli.main(["completion", shell]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ([""], list(cli.COMMANDS)),
        (["ver"], ["verify"]),
        (["rerun", "d"], ["duplicates"]),
        (["run", "--publish-"], ["--publish-anyway"]),
        (["completion", ""], ["bash", "zsh", "fish", "--help"]),
        (["no-such-command", ""], list(cli.COMMANDS)),
    ],
)
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_offers_commands_their_options_and_their_steps(
    typed: list[str], offered: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = " ".join(f"'{word}'" for word in ["copydesk", *typed])
    code = f"{script(capsys, 'bash')}\nCOMP_WORDS=({words}); COMP_CWORD={len(typed)}; _copydesk; echo ${{COMPREPLY[@]}}"
    done = subprocess.run(["bash", "--norc", "-c", code], capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split()) == sorted(offered)
    assert done.stderr == ""


def test_zsh_takes_what_bash_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert script(capsys, "zsh") == "autoload -U +X bashcompinit && bashcompinit\n" + script(capsys, "bash")


def test_fish_has_a_line_for_each_command_and_option(capsys: pytest.CaptureFixture[str]) -> None:
    lines = script(capsys, "fish").splitlines()
    for name in cli.COMMANDS:
        assert f"complete -c copydesk -n __fish_use_subcommand -f -a {name}" in lines
    seen = 'complete -c copydesk -n "__fish_seen_subcommand_from rerun"'
    assert f"{seen} -l only" in lines
    assert f'{seen} -a "{" ".join(chain.NAMES)}"' in lines
