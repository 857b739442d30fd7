# SPDX-License-Identifier: Apache-2.0
"""Images through segment: counts of pixels, maps in files, and options."""

import struct
import unittest
import zlib

from command import COLOURS, MODELS, FolderCase, write_colour, write_picture

SEGMENTER = MODELS / 'segmenter'


def read_indices(path):
    """Rows of a palette PNG whose rows may be filtered by None, Sub and Up."""
    data, at, packed, size = path.read_bytes(), 8, b'', None
    while at < len(data):
        (length,), kind = struct.unpack('>I', data[at : at + 4]), data[at + 4 : at + 8]
        if kind == b'IHDR':
            size = struct.unpack('>IIBB', data[at + 8 : at + 18])
        packed += data[at + 8 : at + 8 + length] if kind == b'IDAT' else b''
        at += length + 12
    width, height, bits, colour = size
    assert (bits, colour) == (8, 3), size
    raw, rows = zlib.decompress(packed), []
    for y in range(height):
        kind, row = raw[y * (width + 1)], list(raw[y * (width + 1) + 1 : (y + 1) * (width + 1)])
        for x in range(width):
            before = row[x - 1] if x and kind == 1 else rows[-1][x] if rows and kind == 2 else 0
            assert kind <= 2, kind
            row[x] = (row[x] + before) % 256
        rows.append(row)
    return rows


class Segments(FolderCase):
    def segment(self, *arguments):
        return self.ramet('segment', '--model', SEGMENTER, *arguments)

    def write_halves(self, name, width, height):
        """Red, its right half blue."""
        half = (width // 2, 0, width - width // 2, height, COLOURS['blue'])
        write_picture(self.folder / name, width, height, COLOURS['red'], [half])

    def test_pixels_are_counted_in_the_size_of_the_image(self):
        self.write_halves('x.ppm', 24, 8)
        (entry,) = self.segment('x.ppm', '--json').objects
        self.assertEqual(list(entry), ['image', 'task', 'shape', 'counts'])
        self.assertEqual((entry['task'], entry['shape']), ('segment', [8, 24]))
        self.assertEqual(entry['counts'], {'0': 96, '2': 96})

    def test_text_is_a_line_for_each_class(self):
        self.write_halves('x.ppm', 24, 8)
        self.assertEqual(self.segment('x.ppm').lines, ['x.ppm  0  96', 'x.ppm  2  96'])

    def test_maps_are_files_with_the_class_as_index(self):
        (self.folder / 'a').mkdir()
        self.write_halves('a/x.ppm', 6, 3)
        write_colour(self.folder / 'y.ppm', 'green')
        entries = self.segment('a/x.ppm', './a/../y.ppm', '--json', '--output_dir', 'maps').objects
        self.assertEqual([entry['label_map'] for entry in entries], ['maps/a/x.ppm.png', 'maps/a/__/y.ppm.png'])
        self.assertEqual(read_indices(self.folder / 'maps/a/x.ppm.png'), [[0, 0, 0, 2, 2, 2]] * 3)
        self.assertEqual({v for row in read_indices(self.folder / 'maps/a/__/y.ppm.png') for v in row}, {1})

    def test_any_size_has_an_answer_in_its_size(self):
        for width, height in ((1, 1), (1, 13), (13, 1), (3000, 7), (7, 3000), (97, 89)):
            write_picture(self.folder / 'x.ppm', width, height, COLOURS['green'])
            for option in ([], ['--store_score_map'], ['--store_score_map', '--apply_softmax']):
                (entry,) = self.segment('x.ppm', '--json', *option).objects
                self.assertEqual(entry.get('counts'), {'1': width * height}, (width, height, option))

    def test_results_do_not_depend_on_threads(self):
        names = []
        for i in range(12):
            names.append(f'{i}.ppm')
            self.write_halves(names[-1], 20 + 3 * i, 5 + i)
        one = self.segment(*names, '--json')
        self.assertEqual(one.code, 0)
        self.assertEqual(self.segment(*names, '--json', '--thread_num', '3').out, one.out)

    def test_a_map_that_cannot_be_written_fails_alone(self):
        self.write_halves('x.ppm', 6, 3)
        (self.folder / 'maps').write_text('no folder')
        result = self.segment('x.ppm', '--json', '--output_dir', 'maps')
        self.assertEqual(result.code, 1)
        self.assertIn('error', result.objects[0])

    def test_a_configuration_is_needed(self):
        for name in ('inference.pdmodel', 'inference.pdiparams'):
            (self.folder / name).write_bytes((SEGMENTER / name).read_bytes())
        result = self.ramet('segment', '--model', '.', 'x.ppm')
        self.assertEqual(result.code, 2)
        self.assertIn('deploy.yaml', result.err)


if __name__ == '__main__':
    unittest.main()
