# SPDX-License-Identifier: Apache-2.0
"""The models that bench/peers runs, by the names of their folders, and the tensors that go in."""

import os

import numpy as np

IMAGE = (1, 3, 224, 224)
SCALE = (1, 2)


def program_of(folder):
    """The model's .pdmodel, or None."""
    programs = [entry.path for entry in os.scandir(folder) if entry.name.endswith('.pdmodel')]
    return programs[0] if programs else None


class Case:
    """A model with one set of input shapes."""

    def __init__(self, name, model, **shapes):
        self.name, self.model, self.shapes = name, model, shapes
        self.file = name.replace(' ', '_')

    def folder(self, zoo):
        """The model's folder: in ZOO, or in a folder of ZOO."""
        for place in [zoo] + sorted(entry.path for entry in os.scandir(zoo) if entry.is_dir()):
            folder = os.path.join(place, self.model)
            if os.path.isdir(folder) and program_of(folder):
                return folder
        raise FileNotFoundError(f'{self.model} is neither in {zoo} nor in a folder of it')

    def feed(self, zoo):
        """Name -> tensor: recorded values (case*.in.NAME.npy) cut or repeated to the shape, or a fixed noise."""
        return {name: self.values(self.folder(zoo), name, shape) for name, shape in self.shapes.items()}

    def values(self, folder, name, shape):
        if shape == SCALE:
            return np.ones(shape, 'f4')
        recorded = [np.load(entry.path) for entry in sorted(os.scandir(folder), key=lambda entry: entry.name)
                    if entry.name.startswith('case') and entry.name.endswith(f'.in.{name}.npy')]
        same = [value for value in recorded if value.shape == shape]
        if same:
            return np.ascontiguousarray(same[0], 'f4')
        if recorded:
            return np.ascontiguousarray(np.resize(recorded[0], shape), 'f4')
        return np.random.default_rng(0).normal(0, 0.5, shape).astype('f4')


CASES = (
    Case('ResNet50_vd', 'ResNet50_vd', x=IMAGE),
    Case('EfficientNetB0', 'EfficientNetB0', x=IMAGE),
    Case('PPLCNet_x1_0', 'PPLCNet_x1_0', x=IMAGE),
    Case('MobileNetV3_large_x1_0', 'MobileNetV3_large_x1_0', x=IMAGE),
    Case('PPHGNetV2_B0', 'PPHGNetV2_B0', x=IMAGE),
    Case('PP-OCRv4 det 640x640', 'PP-OCRv4_mobile_det', x=(1, 3, 640, 640)),
    Case('PP-OCRv4 det 960x736', 'PP-OCRv4_mobile_det', x=(1, 3, 960, 736)),
    Case('PP-OCRv4 rec 320', 'PP-OCRv4_mobile_rec', x=(1, 3, 48, 320)),
    Case('PP-OCRv4 rec 960', 'PP-OCRv4_mobile_rec', x=(1, 3, 48, 960)),
    Case('picodet_s_320', 'picodet_s_320_coco_lcnet', image=(1, 3, 320, 320), scale_factor=SCALE),
    Case('picodet_s_320 without boxes', 'picodet_s_320_coco_lcnet_nopost', image=(1, 3, 320, 320)),
    Case('ppyoloe_plus_crn_s', 'ppyoloe_plus_crn_s_80e_coco', image=(1, 3, 640, 640), scale_factor=SCALE),
    Case('pp_humansegv2_lite', 'pp_humansegv2_lite_portrait_256x144', x=(1, 3, 144, 256)),
    Case('pp_liteseg_stdc1', 'pp_liteseg_stdc1_cityscapes', x=(1, 3, 512, 1024)),
    Case('segformer_b0', 'segformer_b0', x=(1, 3, 512, 512)),
)
