#!/usr/bin/env python3
"""Runs a .tflite model and a copy of it in tflite-micro: what their arenas take, and whether they compute the same.

    thumbwright plan MODEL.tflite --emit tflite -o COPY.tflite
    python3 tools/tflm_arena.py MODEL.tflite COPY.tflite

prints, for each file, the bytes that tflite-micro used of its arena: the head, which the copy's memory plan is for, and all of
it. Both are given the same random inputs; the exit code is 1 if an output differs. Needs tflite-micro and numpy; they are
installed as for tools/conformance.py.
"""
import argparse
import os
import re
import sys
import tempfile

from conformance import DEFAULT_VENV, REQUIREMENTS, installed_versions, restart_in_venv

ARENA_BYTES = 4 << 20


def standard_error_of(work):
    """What `work` makes the C++ library write to standard error, and its result."""
    with tempfile.TemporaryFile() as messages:
        kept = os.dup(2)
        os.dup2(messages.fileno(), 2)
        try:
            result = work()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        messages.seek(0)
        return messages.read().decode(errors="replace"), result


def all_of(details):
    """What `details` gives for 0, 1, 2 and so on, until it refuses."""
    found = []
    while True:
        try:
            found.append(details(len(found)))
        except (IndexError, ValueError, RuntimeError):
            return found


def random_tensor(numpy, random, details):
    """Values of any magnitude that the type has."""
    shape, dtype = details["shape"], numpy.dtype(details["dtype"])
    if dtype.kind == "f":
        return random.standard_normal(shape).astype(dtype)
    limits = numpy.iinfo(dtype)
    return random.integers(limits.min, limits.max, shape, dtype, endpoint=True)


def run(runtime, numpy, path, samples):
    """Bytes of the head and of the whole arena, and the outputs of random inputs."""
    interpreter = runtime.Interpreter.from_file(path, arena_size=ARENA_BYTES)
    _, inputs = standard_error_of(lambda: all_of(interpreter.get_input_details))
    _, outputs = standard_error_of(lambda: all_of(interpreter.get_output_details))
    random = numpy.random.default_rng(1)
    results = []
    for _ in range(samples):
        for k, details in enumerate(inputs):
            interpreter.set_input(random_tensor(numpy, random, details), k)
        interpreter.invoke()
        results += [interpreter.get_output(k).copy() for k in range(len(outputs))]
    text, _ = standard_error_of(interpreter.print_allocations)
    head = re.search(r"Arena allocation head (\d+) bytes", text)
    total = re.search(r"Arena allocation total (\d+) bytes", text)
    return int(head[1]), int(total[1]), results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("copy")
    parser.add_argument("--samples", type=int, default=10, help="random inputs [default: 10]")
    parser.add_argument("--venv", default=DEFAULT_VENV, metavar="DIR", help="virtual environment to use or make")
    arguments = parser.parse_args()
    if installed_versions() != REQUIREMENTS:
        restart_in_venv(arguments.venv)
    import numpy
    from tflite_micro import runtime

    results = [run(runtime, numpy, path, arguments.samples) for path in (arguments.model, arguments.copy)]
    for path, (head, total, _) in zip((arguments.model, arguments.copy), results):
        print(f"{path}: head {head:,} bytes, arena {total:,} bytes")
    same = all(numpy.array_equal(a, b) for a, b in zip(results[0][2], results[1][2]))
    print(f"outputs of {arguments.samples} random inputs: {'the same' if same else 'DIFFERENT'}")
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
