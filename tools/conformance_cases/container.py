"""The packed form of a case set: `cases.json` (the index) and `cases.bin` (all bytes)."""
import json
import os
from collections import Counter

FORMAT_VERSION = 1
# Every blob starts at a multiple of this many bytes.
ALIGNMENT = 16


class Container:
    """Collects cases, then writes both files."""

    def __init__(self):
        self._blob = bytearray()
        self._cases = []
        self._features = Counter()
        self._per_operator = Counter()

    def add(self, name, dtype, case, outputs):
        """Appends a case with the reference's outputs, one list of arrays a sample."""
        model = case.model
        graph_inputs = [model.tensors[i] for i in model.graph_inputs]
        self._cases.append({
            "name": name,
            "op": model.op,
            "dtype": dtype,
            "about": case.about,
            "tolerance": case.tolerance,
            "samples": len(case.samples),
            "model": self._append(model.to_bytes()),
            "inputs": [self._tensor(t, [s[k] for s in case.samples]) for k, t in enumerate(graph_inputs)],
            "outputs": [self._tensor(t, [s[k] for s in outputs])
                        for k, t in enumerate(model.tensors[-model.outputs:])],
        })
        self._features.update(f"{model.op}: {f}" for f in case.features)
        self._per_operator[f"{model.op} {dtype}"] += 1

    def write(self, folder, header):
        """Writes both files; returns the index."""
        index = {
            "format_version": FORMAT_VERSION,
            **header,
            "blob_bytes": len(self._blob),
            "cases_per_operator": dict(sorted(self._per_operator.items())),
            "cases_per_feature": dict(sorted(self._features.items())),
        }
        head = json.dumps(index, indent=1)[:-2]
        lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in self._cases)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "cases.bin"), "wb") as f:
            f.write(self._blob)
        with open(os.path.join(folder, "cases.json"), "w", encoding="utf-8") as f:
            f.write(f'{head},\n "cases": [\n{lines}\n ]\n}}\n')
        return index

    def _append(self, data):
        self._blob += bytes(-len(self._blob) % ALIGNMENT)
        offset = len(self._blob)
        self._blob += data
        return {"offset": offset, "bytes": len(data)}

    def _tensor(self, tensor, arrays):
        place = self._append(b"".join(a.tobytes() for a in arrays))
        return {"name": tensor.name, "dtype": tensor.dtype, "shape": list(tensor.shape), **place}
