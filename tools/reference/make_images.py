# SPDX-License-Identifier: Apache-2.0
"""Draws the demo images of examples/images and shrinks the photographs that stand beside them.

usage: make_images.py [--photos FOLDER] [FOLDER]
Needs Pillow, numpy and the fonts of the Debian packages fonts-dejavu-core, fonts-dejavu-extra, fonts-noto-cjk.
--photos: the folder skimage/data of the scikit-image 0.25.2 wheel; without it the photographs are left alone.
"""

import argparse
import os

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

HERE = os.path.dirname(os.path.abspath(__file__))
FONTS = '/usr/share/fonts/'
SERIF = FONTS + 'truetype/dejavu/DejaVuSerif.ttf'
SANS = FONTS + 'truetype/dejavu/DejaVuSans.ttf'
BOLD = FONTS + 'truetype/dejavu/DejaVuSans-Bold.ttf'
MONO = FONTS + 'truetype/dejavu/DejaVuSansMono.ttf'
OBLIQUE = FONTS + 'truetype/dejavu/DejaVuSerif-Italic.ttf'
HEITI = FONTS + 'opentype/noto/NotoSansCJK-Regular.ttc'
HEITI_BOLD = FONTS + 'opentype/noto/NotoSansCJK-Bold.ttc'
SONGTI = FONTS + 'opentype/noto/NotoSerifCJK-Regular.ttc'
SIMPLIFIED = 2  # the face of a Noto collection that holds the simplified Chinese forms


def font(path, size):
    return ImageFont.truetype(path, size, index=SIMPLIFIED if path.endswith('.ttc') else 0)


def canvas(width, height, colour=(255, 255, 255)):
    return Image.new('RGB', (width, height), colour)


def lines(image, at, texts, path, size, colour=(20, 20, 20), spacing=1.5):
    """Writes one text below the other from `at`."""
    draw, (x, y) = ImageDraw.Draw(image), at
    for text in texts:
        draw.text((x, y), text, colour, font(path, size))
        y += int(size * spacing)


def turned(image, at, text, path, size, degrees, colour=(20, 20, 20)):
    """Pastes a text turned counter-clockwise about the middle of its own box, which stands at `at`."""
    face = font(path, size)
    left, top, right, bottom = face.getbbox(text)
    mask = Image.new('L', (right - left + 8, bottom - top + 8), 0)
    ImageDraw.Draw(mask).text((4 - left, 4 - top), text, 255, face)
    mask = mask.rotate(degrees, Image.BICUBIC, expand=True)
    image.paste(Image.new('RGB', mask.size, colour), at, mask)


def backdrop(width, height, seed, grain):
    """A photo-like ground: two colour slopes, soft blobs and grain."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width].astype('f4')
    ground = np.stack([90 + 80 * x / width, 110 + 60 * y / height, 150 - 50 * x / width], -1)
    for _ in range(9):
        cx, cy, radius = random.uniform(0, width), random.uniform(0, height), random.uniform(40, 160)
        blob = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * radius * radius))
        ground += blob[..., None] * random.uniform(-45, 45, 3)
    ground += random.normal(0, grain, ground.shape)
    return Image.fromarray(np.clip(ground, 0, 255).astype('u1'))


def english_document():
    image = canvas(900, 560, (252, 251, 247))
    lines(image, (50, 36), ['Harbour Office: Annual Report'], SERIF, 36)
    body = [
        'The port handled 4,218 vessels during the past year,',
        'nine per cent more than in 2021. Most carried',
        'grain or machine parts; 312 were passenger ships.',
        'Our new quay opened on 14 March.',
    ]
    lines(image, (50, 110), body, SERIF, 26)
    more = ['Repairs to the northern breakwater cost', '$1,285,000, as the council had approved.']
    lines(image, (50, 280), more, OBLIQUE, 26)
    lines(image, (50, 390), ['Income in total 9,402,117', 'Spent 8,877,654', 'Left 524,463'], MONO, 24)
    return image


def chinese_signs():
    image = canvas(840, 560, (186, 190, 184))
    draw = ImageDraw.Draw(image)
    panels = [
        ((30, 30, 400, 170), (0, 82, 155), '北京西站', 72),
        ((430, 30, 810, 170), (0, 110, 60), '安全出口', 72),
        ((30, 200, 400, 330), (190, 30, 30), '禁止停车', 64),
        ((430, 200, 810, 330), (240, 190, 20), '注意安全', 64),
        ((30, 360, 810, 520), (250, 250, 250), '请在黄线外排队等候', 60),
    ]
    for box, colour, text, size in panels:
        draw.rounded_rectangle(box, 14, colour, (240, 240, 240), 4)
        ink = (30, 30, 30) if sum(colour) > 400 else (250, 250, 250)
        draw.text(((box[0] + box[2]) // 2, (box[1] + box[3]) // 2), text, ink, font(HEITI_BOLD, size), anchor='mm')
    return image.filter(ImageFilter.GaussianBlur(0.8))


def mixed_receipt():
    image = canvas(520, 720, (248, 248, 245))
    draw = ImageDraw.Draw(image)
    draw.text((260, 50), '阳光便利店 Sunshine Mart', (20, 20, 20), font(HEITI_BOLD, 32), anchor='mm')
    draw.text((260, 100), '电话: 010-6255 8899', (50, 50, 50), font(HEITI, 22), anchor='mm')
    rows = [
        ('矿泉水 Water 550ml', '2.50'),
        ('全麦面包 Bread', '8.80'),
        ('苹果 Apple 1.2kg', '15.60'),
        ('绿茶 Green Tea', '4.00'),
        ('电池 Battery AA', '12.90'),
    ]
    for k, (name, price) in enumerate(rows):
        draw.text((50, 160 + 54 * k), name, (20, 20, 20), font(HEITI, 26))
        draw.text((470, 160 + 54 * k), price, (20, 20, 20), font(HEITI, 26), anchor='ra')
    draw.line((40, 440, 480, 440), (120, 120, 120), 2)
    draw.text((50, 460), '合计 Total', (20, 20, 20), font(HEITI_BOLD, 30))
    draw.text((470, 460), '43.80', (20, 20, 20), font(HEITI_BOLD, 30), anchor='ra')
    lines(
        image, (50, 530), ['日期: 2024-05-18  14:32', '单号: A20240518-0071', '谢谢惠顾，欢迎再次光临！'], SONGTI, 26, spacing=1.9
    )
    return image


def fonts_and_sizes():
    image = canvas(900, 620, (255, 255, 255))
    rows = [
        (SANS, 18, 'Sans 18: the quick brown fox jumps', (0, 0, 0)),
        (SERIF, 22, 'Serif 22: over the lazy dog 0123456789', (60, 0, 0)),
        (MONO, 26, 'Mono 26: int main(void) { return 0; }', (0, 60, 0)),
        (OBLIQUE, 32, 'Italic 32: Bonjour tout le monde', (0, 0, 90)),
        (BOLD, 44, 'BOLD 44: HELLO WORLD', (120, 0, 90)),
        (HEITI, 30, '黑体三十号：春眠不觉晓，处处闻啼鸟。', (0, 0, 0)),
        (SONGTI, 36, '宋体三十六号：床前明月光', (90, 40, 0)),
        (HEITI_BOLD, 64, '粗体六十四号', (0, 70, 70)),
        (SANS, 80, 'Size 80', (30, 30, 30)),
    ]
    y = 20
    for path, size, text, colour in rows:
        lines(image, (30, y), [text], path, size, colour)
        y += int(size * 1.35) + 12
    return image


def rotated_lines():
    image = canvas(820, 600, (238, 236, 228))
    turned(image, (40, 30), 'Turned by seven degrees', SANS, 38, 7)
    turned(image, (420, 90), '向右下倾斜十二度', HEITI, 40, -12)
    turned(image, (50, 250), 'Fifteen degrees', BOLD, 38, 15, (120, 20, 20))
    turned(image, (400, 330), 'minus five: 31/08/2024', SANS, 34, -5)
    turned(image, (90, 470), '上坡路段 十度', HEITI_BOLD, 44, 10, (0, 60, 120))
    return image


def upside_down():
    image = canvas(760, 430, (255, 255, 252))
    lines(image, (40, 30), ['This line stands upright'], SANS, 34)
    turned(image, (40, 110), 'THIS LINE HANGS UPSIDE DOWN', BOLD, 32, 180)
    lines(image, (40, 190), ['这一行是正的'], HEITI, 38)
    turned(image, (40, 280), '这一行上下颠倒了', HEITI, 40, 180)
    turned(image, (40, 360), 'Invoice number 77120', SANS, 34, 180)
    return image


def photo_background():
    image = backdrop(800, 540, 7, 6)
    turned(image, (60, 50), 'Mountain View Hotel', BOLD, 52, 0, (250, 248, 240))
    turned(image, (80, 170), '山景大酒店', HEITI_BOLD, 84, 3, (255, 236, 150))
    turned(image, (90, 330), 'Rooms from 268 per night', SANS, 36, 0, (255, 255, 255))
    turned(image, (430, 410), '免费停车 Free Parking', HEITI, 34, -4, (20, 20, 40))
    noisy = np.asarray(image.filter(ImageFilter.GaussianBlur(0.7))).astype('f4')
    noisy += np.random.default_rng(11).normal(0, 5, noisy.shape)
    return Image.fromarray(np.clip(noisy, 0, 255).astype('u1'))


def vertical_column():
    image = canvas(220, 300, (250, 244, 230))
    draw = ImageDraw.Draw(image)
    for x, text in ((130, '春江潮水连海平'), (50, '海上明月共潮生')):
        for k, sign in enumerate(text):
            draw.text((x, 14 + 39 * k), sign, (30, 20, 10), font(SONGTI, 36))
    return image


def small_text():
    image = canvas(620, 330, (255, 255, 255))
    notes = [
        'Read all instructions before use. Keep out of reach of children.',
        'Store in a dry place below 25 C. Shake well before opening.',
        '请仔细阅读说明书并在医师指导下使用。',
        'Batch 20240715-B  Expiry 2027-06',
    ]
    lines(image, (20, 16), notes, HEITI, 16, spacing=2.0)
    lines(image, (20, 160), notes[:2], SANS, 13, spacing=2.2)
    lines(image, (20, 230), notes[2:], HEITI, 13, (70, 70, 70), spacing=2.4)
    return image


def no_text():
    return backdrop(480, 360, 3, 4)


def exif_turned():
    """Stored lying on its side; the orientation tag sets it upright."""
    image = canvas(560, 320, (235, 240, 245))
    lines(image, (40, 40), ['Orientation six', '方向标记为六'], HEITI, 48, spacing=1.9)
    lines(image, (40, 230), ['turn me clockwise by 90'], SANS, 30)
    return image.transpose(Image.ROTATE_90)


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


IMAGES = {
    'english_document.png': (english_document, dict(optimize=True)),
    'chinese_signs.jpg': (chinese_signs, dict(quality=88)),
    'mixed_receipt.png': (mixed_receipt, dict(optimize=True)),
    'fonts_and_sizes.webp': (fonts_and_sizes, dict(quality=85)),
    'rotated_lines.jpg': (rotated_lines, dict(quality=90)),
    'upside_down.png': (upside_down, dict(optimize=True)),
    'photo_background.jpg': (photo_background, dict(quality=85)),
    'vertical_column.bmp': (vertical_column, {}),
    'small_text.png': (small_text, dict(optimize=True)),
    'no_text.jpg': (no_text, dict(quality=85)),
    'exif_turned.jpg': (exif_turned, dict(quality=90, exif=exif(6))),
}
PHOTOS = {'astronaut.jpg': 'astronaut.png', 'cat.jpg': 'chelsea.png', 'coffee.jpg': 'coffee.png'}


def shrink(path):
    photo = Image.open(path).convert('RGB')
    photo.thumbnail((448, 448), Image.LANCZOS)
    return photo


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', nargs='?', default=os.path.join(HERE, '../../examples/images'))
    parser.add_argument('--photos')
    args = parser.parse_args()
    os.makedirs(os.path.join(args.folder, 'photos'), exist_ok=True)
    for name, (draw, options) in IMAGES.items():
        draw().save(os.path.join(args.folder, name), **options)
    for name, source in PHOTOS.items() if args.photos else ():
        shrink(os.path.join(args.photos, source)).save(os.path.join(args.folder, 'photos', name), quality=88)


if __name__ == '__main__':
    main()
