# SPDX-License-Identifier: Apache-2.0
"""The code of docs/python.md runs as it stands, one block after the other."""
import re

from conftest import DATA, IMAGES, PHOTOS, PP_OCR, ROOT


def test_code_of_the_guide_runs(capsys):
    folder = DATA / "classifier"
    names = {
        "model_file": str(folder / "inference.pdmodel"), "params_file": str(folder / "inference.pdiparams"),
        "config_file": str(folder / "inference.yml"), "folder": str(folder), "image": str(PHOTOS[0]),
        "images": [str(path) for path in PHOTOS], "page": str(IMAGES / "mixed_receipt.png"),
        "det_folder": str(PP_OCR / "ch_PP-OCRv4_det_infer"), "rec_folder": str(PP_OCR / "ch_PP-OCRv4_rec_infer"),
        "cls_folder": str(PP_OCR / "ch_ppocr_mobile_v2_cls_infer"), "dictionary": str(PP_OCR / "ppocr_keys_v1.txt"),
    }
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/python.md").read_text(encoding="utf-8"), re.M | re.S)
    assert len(blocks) >= 6
    for block in blocks:
        if "asyncio" in block or "parallel" in block:
            names.setdefault("kept", names["model"])
            names["model"] = names["ramet"].load(folder)
        exec(compile(block, "docs/python.md", "exec"), names)
    assert "Sunshine" in capsys.readouterr().out
