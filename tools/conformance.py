#!/usr/bin/env python3
"""Draws single-operator .tflite models and takes their outputs from the tflite-micro interpreter; of UINT8 models, of which it has few
kernels, from LiteRT with its reference kernels.

    python3 tools/conformance.py --seed N --count M --out DIR

writes DIR/cases.json and DIR/cases.bin; tests/data/conformance/README.md describes both. The same seed, count and library
versions give the same bytes. Needs tflite-micro, LiteRT, numpy and flatbuffers of the versions below; they are installed into a
virtual environment under target/ when it is missing.
"""
import argparse
import os
import sys
import time
from collections import Counter

from pip_venv import ROOT, installed_versions, restart_in_venv

REQUIREMENTS = {
    "tflite-micro": "0.dev20261023182759", "ai-edge-litert": "2.3.0", "numpy": "2.4.6", "flatbuffers": "25.12.19",
}
DEFAULT_VENV = os.path.join(ROOT, "target", "conformance-venv")


def draw_all(seed, count):
    """The container of all cases, and what was drawn anew."""
    from conformance_cases.container import Container
    from conformance_cases.oracle import Oracles
    from conformance_cases.schedule import OPERATORS, draw_answered, slots

    order = slots()
    container, refusals = Container(), Counter()
    started = time.monotonic()
    with Oracles() as oracles:
        for index in range(count):
            slot = order[index % len(order)]
            case, outputs = draw_answered(seed, index, slot, oracles, refusals)
            op, dtype, *_ = OPERATORS[slot]
            container.add(f"{op.lower()}_{dtype}_{index:04}", dtype, case, outputs)
            if time.monotonic() - started > 5:
                started = time.monotonic()
                print(f"{index + 1} of {count}", file=sys.stderr)
    return container, refusals


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True, help="not negative")
    parser.add_argument("--count", type=int, required=True, help="number of cases")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the two files go")
    parser.add_argument("--require-coverage", action="store_true", help="exit 1 if the set misses a listed feature")
    parser.add_argument("--venv", default=DEFAULT_VENV, metavar="DIR", help="virtual environment to use or make")
    arguments = parser.parse_args()
    if arguments.seed < 0 or arguments.count < 1:
        parser.error("--seed must not be negative and --count must be at least 1")
    if installed_versions(REQUIREMENTS) != REQUIREMENTS:
        restart_in_venv(arguments.venv, REQUIREMENTS)
    from conformance_cases.schedule import not_exercised

    container, refusals = draw_all(arguments.seed, arguments.count)
    header = {
        "seed": arguments.seed,
        "count": arguments.count,
        "versions": REQUIREMENTS,
        "redrawn": dict(sorted(refusals.items())),
    }
    index = container.write(arguments.out, header)
    for title in ("redrawn", "cases_per_operator", "cases_per_feature"):
        print(f"{title.replace('_', ' ')}:")
        for name, number in index[title].items():
            print(f"  {number:5}  {name}")
    print(f"{arguments.count} cases, {index['blob_bytes']} bytes, in {arguments.out}")
    missing = not_exercised(index["cases_per_feature"])
    if missing:
        message = "this set does not exercise: " + "; ".join(missing)
        if arguments.require_coverage:
            sys.exit(f"{message}: take another seed")
        print(message)


if __name__ == "__main__":
    main()
