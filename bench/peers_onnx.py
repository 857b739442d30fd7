# SPDX-License-Identifier: Apache-2.0
"""peers_onnx.py PROGRAM ONNX SHAPES: writes a .pdmodel as ONNX with all shapes fixed, which serves every peer best.

SHAPES is JSON, input name -> dimensions. Runs in the environment that has PaddlePaddle and paddle2onnx.
"""

import json
import os
import sys
import tempfile

import paddle
import paddle2onnx


def fix_shapes(program, shapes):
    """Gives the inputs their shapes and every other tensor the one that follows."""
    block = program.global_block()
    for name, shape in shapes.items():
        block.var(name).desc.set_shape(shape)
    for op in block.ops:
        if op.type in ('feed', 'fetch'):
            continue
        if op.type == 'pool2d' and op.attr('ceil_mode') and divides_evenly(op, block):
            op._set_attr('ceil_mode', False)
        op.desc.infer_shape(block.desc)


def divides_evenly(pool, block):
    """Whether rounding up changes nothing: ncnn's average pool goes wrong where it is asked to (as of 20261020)."""
    sizes = block.var(pool.input('X')[0]).shape[2:]
    geometry = zip(sizes, pool.attr('ksize'), pool.attr('strides'), pool.attr('paddings'))
    return all(size > 0 and (size + 2 * padding - kernel) % stride == 0 for size, kernel, stride, padding in geometry)


def main():
    source, target, shapes = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    paddle.enable_static()
    executor = paddle.static.Executor(paddle.CPUPlace())
    program, inputs, outputs = paddle.static.load_inference_model(source[: -len('.pdmodel')], executor)
    fix_shapes(program, shapes)
    with tempfile.TemporaryDirectory() as folder:
        fixed = os.path.join(folder, 'fixed')
        variables = [program.global_block().var(name) for name in inputs]
        paddle.static.save_inference_model(fixed, variables, outputs, executor, program=program)
        paddle2onnx.export(fixed + '.pdmodel', fixed + '.pdiparams', target, opset_version=13)


if __name__ == '__main__':
    main()
