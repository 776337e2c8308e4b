#!/usr/bin/env python3
"""A pass as a script: module text on standard input, module text on standard output.

Gives kernels short names: private function @nn_conv_2d_3 becomes @k3, in its definition and at its calls. Run it with

    thumbwright opt net.mlir --allow-external --pipeline 'lower-nn,external{cmd="python3 short_names.py"}'
"""

import re
import sys

text = sys.stdin.read()

private = []
for op in re.findall(r'"func\.func"\(\) <\{.*\}> \(\{', text):
    name = re.search(r'sym_name = "([^"]+)"', op)
    if name and 'sym_visibility = "private"' in op:
        private.append(name.group(1))

for number, name in enumerate(private):
    short = f"k{number}"
    text = text.replace(f'sym_name = "{name}"', f'sym_name = "{short}"')
    text = re.sub(rf"@{re.escape(name)}(?![\w.$])", f"@{short}", text)

sys.stdout.write(text)
print(f"short_names: {len(private)} kernels renamed", file=sys.stderr)
