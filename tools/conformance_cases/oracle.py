"""Asks the interpreters of tflite-micro and LiteRT, each in a child process: some of their checks abort the process."""
import multiprocessing
import os
import tempfile

ARENA_BYTES = 1 << 20


class Refused(Exception):
    """The interpreter did not run the model; the text is its name, and what it wrote, or how it ended."""


class Oracles:
    """One oracle an interpreter."""

    def __init__(self):
        self._micro, self._lite = Oracle("tflite-micro", _run_micro), Oracle("LiteRT", _run_lite)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._micro.close()
        self._lite.close()

    def of(self, dtype):
        """Who answers models of this element type: tflite-micro, and LiteRT where that has no kernels."""
        return self._lite if dtype == "uint8" else self._micro


class Oracle:
    """A child process that runs models one after another; restarted when it dies."""

    def __init__(self, name, runner):
        self._name, self._runner = name, runner
        self._process = self._pipe = None

    def close(self):
        """Ends the process."""
        if self._process is not None:
            self._pipe.send(None)
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
            raise Refused(f"{self._name}: the interpreter ended with exit code {code}") from None
        if refusal is not None:
            raise Refused(f"{self._name}: {refusal}")
        return answers

    def _start(self):
        context = multiprocessing.get_context("fork")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._pipe, self._runner), daemon=True)
        self._process.start()
        theirs.close()


def _serve(pipe, parent_end, runner):
    parent_end.close()
    with tempfile.TemporaryFile() as messages:
        os.dup2(messages.fileno(), 2)
        while True:
            request = pipe.recv()
            if request is None:
                return
            model, samples, outputs = request
            messages.seek(0)
            messages.truncate()
            try:
                pipe.send((runner(model, samples, outputs), None))
            except (RuntimeError, ValueError) as error:
                messages.seek(0)
                lines = messages.read().decode(errors="replace").split("\n")
                pipe.send((None, next((line for line in lines if line.strip()), str(error))))


def _run_micro(model, samples, outputs):
    from tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(model, arena_size=ARENA_BYTES)
    answers = []
    for inputs in samples:
        for k, x in enumerate(inputs):
            interpreter.set_input(x, k)
        interpreter.invoke()
        answers.append([interpreter.get_output(k).copy() for k in range(outputs)])
    return answers


def _run_lite(model, samples, outputs):
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(model_content=model, num_threads=1,
                              experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    places = [d["index"] for d in interpreter.get_input_details()]
    results = [d["index"] for d in interpreter.get_output_details()][:outputs]
    answers = []
    for inputs in samples:
        for place, x in zip(places, inputs, strict=True):
            interpreter.set_tensor(place, x)
        interpreter.invoke()
        answers.append([interpreter.get_tensor(k).copy() for k in results])
    return answers
