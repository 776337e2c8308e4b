#!/usr/bin/env python3
"""What rewriting networks gains: cycles, flash and RAM of models before and after it, as a table of Markdown.

    python3 tools/rewriting_table.py --command target/release/thumbwright --target cortex-m4 MODEL…

Each model is compiled twice for a core that is emulated, with the default passes and without `rewrite-graph`, built, and run once on a sample of
zeros (`thumbwright compile --profile`): cycles are modelled from exact instruction counts, flash is the compiled code with its constants, RAM the
arena and what is kept between runs. The exit code is 1 if a model takes more cycles or more RAM than before.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

PASS = "rewrite-graph,"


def report(command, model, target, pipeline):
    """The report of a compile; `pipeline` is None for the default one."""
    with tempfile.TemporaryDirectory() as folder:
        line = [command, "--quiet", "compile", str(model), "--target", target, "-o", folder, "--profile"]
        if pipeline is not None:
            line += ["--pipeline", pipeline]
        done = subprocess.run(line, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(line)}\n{done.stderr}")
        return json.loads((pathlib.Path(folder) / "report.json").read_text())


def figures(r):
    """Cycles, bytes of flash, bytes of RAM."""
    code, memory = r["code"], r["memory"]
    flash = code["text_bytes"] + code["rodata_bytes"] + code["data_bytes"]
    return r["totals"]["cycles"], flash, memory["arena_bytes"] + memory["state_bytes"]


def cell(before, after):
    """Both, if they differ."""
    return f"{after:,}" if before == after else f"{before:,} → {after:,}"


def main():
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", default="target/release/thumbwright", help="the program")
    parser.add_argument("--target", default="cortex-m4", help="a core that is emulated")
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    print(f"| model, {arguments.target} | cycles | flash | RAM |\n|---|---|---|---|")
    worse = []
    for model in arguments.models:
        after = report(arguments.command, model, arguments.target, None)
        without = after["pipeline"].replace(PASS, "", 1)
        before = report(arguments.command, model, arguments.target, without)
        pairs = list(zip(figures(before), figures(after)))
        print(f"| `{model.name}` | " + " | ".join(cell(b, a) for b, a in pairs) + " |", flush=True)
        if pairs[0][1] > pairs[0][0] or pairs[2][1] > pairs[2][0]:
            worse.append(model.name)
    if worse:
        print(f"worse: {', '.join(worse)}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
