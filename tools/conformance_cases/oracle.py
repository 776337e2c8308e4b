"""Asks the tflite-micro interpreter, in a child process: some of its checks abort the process."""
import multiprocessing
import os
import tempfile

ARENA_BYTES = 1 << 20


class Refused(Exception):
    """tflite-micro did not run the model; the text is what it wrote, or how it ended."""


class Oracle:
    """A child process that runs models one after another; restarted when it dies."""

    def __init__(self):
        self._process = self._pipe = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process is not None:
            self._pipe.close()
            self._process.join()

    def run(self, model, samples, outputs):
        """One list a sample, with as many arrays as the model has outputs."""
        if self._process is None:
            self._start()
        self._pipe.send((model, samples, outputs))
        try:
            answers, refusal = self._pipe.recv()
        except EOFError:
            self._process.join()
            code, self._process = self._process.exitcode, None
            raise Refused(f"the interpreter ended with exit code {code}") from None
        if refusal is not None:
            raise Refused(refusal)
        return answers

    def _start(self):
        context = multiprocessing.get_context("fork")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._pipe), daemon=True)
        self._process.start()
        theirs.close()


def _serve(pipe, parent_end):
    parent_end.close()
    from tflite_micro import runtime

    with tempfile.TemporaryFile() as messages:
        os.dup2(messages.fileno(), 2)
        while True:
            try:
                model, samples, outputs = pipe.recv()
            except EOFError:
                return
            messages.seek(0)
            messages.truncate()
            try:
                pipe.send((_run(runtime.Interpreter, model, samples, outputs), None))
            except (RuntimeError, ValueError) as error:
                messages.seek(0)
                lines = messages.read().decode(errors="replace").split("\n")
                pipe.send((None, next((line for line in lines if line.strip()), str(error))))


def _run(interpreter_type, model, samples, outputs):
    interpreter = interpreter_type.from_bytes(model, arena_size=ARENA_BYTES)
    answers = []
    for inputs in samples:
        for k, x in enumerate(inputs):
            interpreter.set_input(x, k)
        interpreter.invoke()
        answers.append([interpreter.get_output(k).copy() for k in range(outputs)])
    return answers
