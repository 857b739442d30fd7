# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/classify/postprocess.rmtp: what PaddleClas' own PostProcess says of rows of outputs.

usage: classify_postprocess.py POSTPROCESS_PY [FILE]      (numpy, PyYAML, paddle; deploy/python/postprocess.py of PaddleClas 2.6)
Per case `<case>.config` (YAML, UTF-8), `<case>.outputs` (float32 [rows, outputs]), `<case>.want` (UTF-8, a line for each row: class ids,
label names, attributes; parted by tabs, their items by ", ") and `<case>.scores` (float32, of all listed classes).
"""

import importlib.util
import os
import sys

import numpy as np
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../fixtures'))

import tensorpack

# name -> the form, its options, outputs, what the official class is called with when that differs
CASES = {
    'topk': ('Topk', {'topk': 5, 'label_list': [f'class {i}' for i in range(9)]}, 9),
    'topk_more_than_classes': ('Topk', {'topk': 5}, 3),
    'thresh_two': ('ThreshOutput', {'threshold': 0.4, 'label_0': 'nobody', 'label_1': 'someone'}, 2),
    'thresh_two_plain': ('ThreshOutput', {'threshold': 0.6}, 2),
    'thresh_many': ('ThreshOutput', {'threshold': 0.8, 'default_label_index': 2}, 5),
    'multi_label': ('MultiLabelThreshOutput', {'threshold': 0.5}, 12),
    'multi_label_low': ('MultiLabelThreshOutput', {'threshold': 0.1}, 3),
    'person': ('PersonAttribute', {}, 26),
    'person_thresholds': ('PersonAttribute', {'threshold': 0.7, 'glasses_threshold': 0.2, 'hold_threshold': 0.9}, 26),
    'vehicle': ('VehicleAttribute', {}, 19),
    'vehicle_thresholds': ('VehicleAttribute', {'color_threshold': 0.95, 'type_threshold': 0.9}, 19),
    'face': ('FaceAttribute', {}, 40),
    'table': ('TableAttribute', {'number_threshold': 0.7, 'angle_threshold': 0.2}, 6),
}
ROWS = 6


def load(path):
    spec = importlib.util.spec_from_file_location('postprocess', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def line_of(row):
    """ids, names, attributes, and the ids themselves."""
    if 'attributes' not in row:
        ids, attributes = row['class_ids'], []
    else:
        ids, attributes = [i for i, bit in enumerate(row['output']) if bit], row['attributes']
    names = row.get('label_names', [])
    names = ', '.join(names) if any(names) else ''
    words = attributes if isinstance(attributes, str) else ', '.join(attributes)
    return '\t'.join([', '.join(str(i) for i in ids), names, words]), ids


def main():
    official = load(sys.argv[1])
    file = sys.argv[2] if len(sys.argv) > 2 else os.path.join(HERE, '../../tests/data/classify/postprocess.rmtp')
    random, tensors = np.random.default_rng(31), {}
    for name, (form, options, count) in CASES.items():
        outputs = random.random((ROWS, count), 'f4')
        rows = getattr(official, form)(**options)(outputs)
        lines = [line_of(row) for row in rows]
        listed = [
            np.asarray(row['scores'] if 'scores' in row else outputs[i][lines[i][1]], 'f4') for i, row in enumerate(rows)
        ]
        config = {'PostProcess': {'main_indicator': form, form: options or None, 'SavePreLabel': {'save_dir': 'x'}}}
        tensors[name + '.config'] = np.frombuffer(yaml.safe_dump(config).encode(), 'u1')
        tensors[name + '.outputs'] = outputs
        tensors[name + '.want'] = np.frombuffer(''.join(line + '\n' for line, _ in lines).encode(), 'u1')
        tensors[name + '.scores'] = np.concatenate(listed)
    features = (random.standard_normal((3, 7)) * 3).astype('f4')
    tensors['features.outputs'] = features
    tensors['features.want'] = features / np.sqrt(np.sum(np.square(features), axis=1, keepdims=True))
    tensorpack.write(file, tensors)


if __name__ == '__main__':
    main()
