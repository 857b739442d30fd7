# SPDX-License-Identifier: Apache-2.0
"""PaddleOCR's own steps around its three models, written again with cv2, pyclipper and shapely: the numbers to reproduce.

Images are BGR, uint8, height x width x 3. Boxes are four points (x, y), clockwise from the top left one.
"""

import math

import cv2
import numpy as np
import pyclipper
from shapely.geometry import Polygon

MEAN = np.array([0.485, 0.456, 0.406], 'f4')
DEVIATION = np.array([0.229, 0.224, 0.225], 'f4')
LINE_HEIGHT, LINE_WIDTH, DIRECTION_WIDTH = 48, 320, 192
BATCH = 6


# ---------------------------------------------------------------- text detection


def detector_size(height, width, limit=960, limit_type='max'):
    """Height and width of the network's input: the limited size cut to whole pixels, each side to the nearest multiple of 32."""
    ratio = 1.0
    if limit_type == 'max' and max(height, width) > limit:
        ratio = limit / max(height, width)
    if limit_type == 'min' and min(height, width) < limit:
        ratio = limit / min(height, width)
    return tuple(max(round(int(side * ratio) / 32) * 32, 32) for side in (height, width))


def detector_input(image, limit=960, limit_type='max'):
    """float32 [1, 3, h, w]; channels stay B, G, R."""
    height, width = image.shape[:2]
    if height + width < 64:
        image = cv2.copyMakeBorder(image, 0, max(32 - height, 0), 0, max(32 - width, 0), cv2.BORDER_CONSTANT)
        height, width = image.shape[:2]
    rows, columns = detector_size(height, width, limit, limit_type)
    pixels = cv2.resize(image, (columns, rows)).astype('f4') * np.float32(1 / 255)
    return np.ascontiguousarray(((pixels - MEAN) / DEVIATION).transpose(2, 0, 1)[None])


def mini_box(points):
    """The smallest rectangle about the points as tl, tr, br, bl, and its shorter side."""
    rectangle = cv2.minAreaRect(points)
    corners = sorted(cv2.boxPoints(rectangle).tolist(), key=lambda point: point[0])
    top_left, bottom_left = corners[:2] if corners[1][1] > corners[0][1] else corners[1::-1]
    top_right, bottom_right = corners[2:] if corners[3][1] > corners[2][1] else corners[:1:-1]
    return np.array([top_left, top_right, bottom_right, bottom_left], 'f4'), min(rectangle[1])


def polygon_score(probability, points):
    """Mean probability inside the polygon, whose corners are cut to whole pixels."""
    height, width = probability.shape
    left, right = (int(np.clip(x, 0, width - 1)) for x in (math.floor(points[:, 0].min()), math.ceil(points[:, 0].max())))
    top, bottom = (int(np.clip(y, 0, height - 1)) for y in (math.floor(points[:, 1].min()), math.ceil(points[:, 1].max())))
    mask = np.zeros((bottom - top + 1, right - left + 1), 'u1')
    cv2.fillPoly(mask, [(points - np.array([left, top], points.dtype)).astype('i4')], 1)
    return cv2.mean(probability[top : bottom + 1, left : right + 1], mask)[0]


def unclip(box, ratio):
    """The polygons that result when the box grows by area * ratio / length, round corners; Clipper sees whole pixels only."""
    polygon = Polygon(box)
    offset = pyclipper.PyclipperOffset()
    offset.AddPath(box, pyclipper.JT_ROUND, pyclipper.ET_CLOSEDPOLYGON)
    return offset.Execute(polygon.area * ratio / polygon.length)


def map_boxes(probability, thresh=0.3, box_thresh=0.6, unclip_ratio=1.5, candidates=1000, slow=False, dilate=False, least=3):
    """Boxes in pixels of the probability map (float) and their scores, in the order of the contours.

    slow: the score is taken inside the contour instead of its box; dilate: the bitmap first grows by a 2x2 square."""
    bitmap = (probability > thresh).astype('u1')
    if dilate:
        bitmap = cv2.dilate(bitmap, np.ones((2, 2), 'u1'))
    contours = cv2.findContours(bitmap * 255, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[0]
    boxes, scores = [], []
    for contour in contours[:candidates]:
        box, side = mini_box(contour)
        if side < least:
            continue
        score = polygon_score(probability, contour.reshape(-1, 2) if slow else box)
        if score < box_thresh:
            continue
        grown = unclip(box, unclip_ratio)
        if len(grown) != 1:
            continue
        box, side = mini_box(np.array(grown[0]).reshape(-1, 1, 2))
        if side < least + 2:
            continue
        boxes.append(box)
        scores.append(score)
    return np.array(boxes, 'f4').reshape(-1, 4, 2), np.array(scores, 'f8')


def image_boxes(boxes, map_shape, image_shape):
    """The same boxes in pixels of the image, before rounding."""
    scaled = boxes.astype('f4').copy()
    for axis, (size, target) in enumerate(((map_shape[1], image_shape[1]), (map_shape[0], image_shape[0]))):
        scaled[..., axis] = scaled[..., axis] / size * target
    return scaled


def clockwise(points):
    """tl has the least x + y, br the greatest; of the others tr has the lesser y - x."""
    total = points.sum(1)
    first, last = int(np.argmin(total)), int(np.argmax(total))
    others = np.delete(points, (first, last), 0)
    difference = others[:, 1] - others[:, 0]
    return np.array([points[first], others[np.argmin(difference)], points[last], others[np.argmax(difference)]], points.dtype)


def final_boxes(boxes, image_shape):
    """Rounded, ordered, kept inside the image, the tiny ones dropped; with the index of each kept box."""
    height, width = image_shape[:2]
    kept, indices = [], []
    for index, box in enumerate(boxes):
        whole = np.stack([np.clip(np.round(box[:, 0]), 0, width), np.clip(np.round(box[:, 1]), 0, height)], 1).astype('i4')
        whole = clockwise(whole)
        whole = np.stack([np.clip(whole[:, 0], 0, width - 1), np.clip(whole[:, 1], 0, height - 1)], 1)
        if int(np.linalg.norm(whole[0] - whole[1])) <= 3 or int(np.linalg.norm(whole[0] - whole[3])) <= 3:
            continue
        kept.append(whole)
        indices.append(index)
    return np.array(kept, 'i4').reshape(-1, 4, 2), indices


def reading_order(boxes):
    """Indices that sort by (y, x) of the first corner and then swap neighbours of one line into left to right."""
    order = sorted(range(len(boxes)), key=lambda i: (boxes[i][0][1], boxes[i][0][0]))
    for i in range(len(order) - 1):
        for j in range(i, -1, -1):
            upper, lower = boxes[order[j]][0], boxes[order[j + 1]][0]
            if abs(int(lower[1]) - int(upper[1])) >= 10 or lower[0] >= upper[0]:
                break
            order[j], order[j + 1] = order[j + 1], order[j]
    return order


# ---------------------------------------------------------------- crops


def crop_quad(image, quad):
    """The quad laid flat; a crop at least half as high again as wide is turned counter-clockwise."""
    quad = np.asarray(quad, 'f4')
    width = int(max(np.linalg.norm(quad[0] - quad[1]), np.linalg.norm(quad[2] - quad[3])))
    height = int(max(np.linalg.norm(quad[0] - quad[3]), np.linalg.norm(quad[1] - quad[2])))
    target = np.array([(0, 0), (width, 0), (width, height), (0, height)], 'f4')
    matrix = cv2.getPerspectiveTransform(quad, target)
    crop = cv2.warpPerspective(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE, flags=cv2.INTER_CUBIC)
    return np.rot90(crop) if height / width >= 1.5 else crop


def line_input(crop, width):
    """float32 [3, 48, width]: resized to height 48, at most `width` wide, zeros on the right."""
    height, columns = crop.shape[:2]
    columns = min(width, math.ceil(LINE_HEIGHT * (columns / height)))
    pixels = cv2.resize(crop, (columns, LINE_HEIGHT)).astype('f4').transpose(2, 0, 1) / 255
    padded = np.zeros((3, LINE_HEIGHT, width), 'f4')
    padded[:, :, :columns] = (pixels - np.float32(0.5)) / np.float32(0.5)
    return padded


def by_ratio(crops):
    """Indices of the crops, the narrowest first."""
    return np.argsort(np.array([crop.shape[1] / crop.shape[0] for crop in crops]))


def line_width(crops):
    """Columns of the recogniser's input for these crops together."""
    return int(LINE_HEIGHT * max([LINE_WIDTH / LINE_HEIGHT] + [crop.shape[1] / crop.shape[0] for crop in crops]))


# ---------------------------------------------------------------- text


def read_dictionary(path):
    """The classes of the recogniser: blank, the lines of the file, the space."""
    with open(path, encoding='utf-8') as file:
        return ['blank'] + [line.rstrip('\r\n') for line in file] + [' ']


def decode(probabilities, characters):
    """CTC: the best class of each step, repeats and blanks dropped; the mean probability of what is kept."""
    best, peak = probabilities.argmax(1), probabilities.max(1)
    kept = [i for i in range(len(best)) if best[i] and (i == 0 or best[i] != best[i - 1])]
    score = float(np.mean(peak[kept])) if kept else 0.0
    return ''.join(characters[best[i]] for i in kept), score


# ---------------------------------------------------------------- the three models in a row; a model is a function of one tensor


def batches(order):
    return [order[i : i + BATCH] for i in range(0, len(order), BATCH)]


def detect(model, image):
    """Probability map; boxes in reading order: in whole pixels, unrounded, and their scores."""
    probability = model(detector_input(image))[0, 0]
    boxes, scores = map_boxes(probability)
    exact = image_boxes(boxes, probability.shape, image.shape)
    whole, indices = final_boxes(exact, image.shape)
    order = reading_order(whole)
    kept = [indices[i] for i in order]
    return probability, whole[order], exact[kept], scores[kept]


def upright(model, crops):
    """Directions (label, score) of the crops and the crops with the upside-down ones turned."""
    directions, crops = [None] * len(crops), list(crops)
    for batch in batches(by_ratio(crops)):
        for index, row in zip(batch, model(np.stack([line_input(crops[i], DIRECTION_WIDTH) for i in batch]))):
            directions[index] = (int(row.argmax()), float(row.max()))
    for index, (label, score) in enumerate(directions):
        if label == 1 and score > 0.9:
            crops[index] = cv2.rotate(crops[index], cv2.ROTATE_180)
    return directions, crops


def read_alone(model, crops, characters):
    """(text, score) of each crop by itself."""
    return [decode(model(line_input(crop, line_width([crop]))[None])[0], characters) for crop in crops]


def read_batched(model, crops, characters):
    """(text, score) of each crop in batches of neighbours by ratio, padded to the widest."""
    lines = [None] * len(crops)
    for batch in batches(by_ratio(crops)):
        width = line_width([crops[i] for i in batch])
        for index, rows in zip(batch, model(np.stack([line_input(crops[i], width) for i in batch]))):
            lines[index] = decode(rows, characters)
    return lines
