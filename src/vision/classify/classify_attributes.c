/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes: outputs that each say something of their own, put into the words
 * of PaddleClas. Comparisons are made in double precision, as Python does with
 * the numbers of a list.
 */
#include "vision/classify/classify.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- words ------------------------------------------------------------------------------------------------------- */

static char *next_text(rmt_attributes *attributes) { return attributes->texts[attributes->count++]; }

static void add_text(rmt_attributes *attributes, const char *text)
{
    snprintf(next_text(attributes), sizeof attributes->texts[0], "%s", text);
}

static void append_word(char *text, size_t size, const char *word)
{
    size_t length = strlen(text);
    snprintf(text + length, size - length, " %s", word);
}

static size_t best_of(const float *scores, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        best = scores[i] > scores[best] ? i : best;
    return best;
}

/* ---- person ------------------------------------------------------------------------------------------------------ */

/* "Upper: LongSleeve UpperLogo", "Lower:  Trousers": what is worn, `words` of scores above the threshold. */
static size_t append_worn(char *text, size_t size, const char *const *words, const float *scores, size_t count,
                          double threshold)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if ((double)scores[i] > threshold) {
            append_word(text, size, words[i]);
            found++;
        }
    }
    return found;
}

static void read_clothes(const float *scores, double threshold, rmt_attributes *attributes)
{
    static const char *const upper[] = {"UpperStride", "UpperLogo", "UpperPlaid", "UpperSplice"};
    static const char *const lower[] = {"LowerStripe", "LowerPattern", "LongCoat", "Trousers", "Shorts", "Skirt&Dress"};
    const size_t size = sizeof attributes->texts[0];
    char *text = next_text(attributes);
    snprintf(text, size, "Upper: %s", scores[3] > scores[2] ? "LongSleeve" : "ShortSleeve");
    append_worn(text, size, upper, scores + 4, 4, threshold);
    text = next_text(attributes);
    snprintf(text, size, "Lower: ");
    if (append_worn(text, size, lower, scores + 8, 6, threshold) == 0)
        append_word(text, size, lower[best_of(scores + 8, 6)]);
    add_text(attributes, (double)scores[14] > threshold ? "Boots" : "No boots");
}

static void read_person(const rmt_classify_reading *reading, const float *scores, rmt_attributes *attributes,
                        bool *above)
{
    static const char *const ages[] = {"AgeLess18", "Age18-60", "AgeOver60"};
    static const char *const sides[] = {"Front", "Side", "Back"};
    static const char *const bags[] = {"HandBag", "ShoulderBag", "Backpack"};
    const double *thresholds = reading->thresholds;
    size_t bag = best_of(scores + 15, 3);
    add_text(attributes, (double)scores[22] > thresholds[0] ? "Female" : "Male");
    add_text(attributes, ages[best_of(scores + 19, 3)]);
    add_text(attributes, sides[best_of(scores + 23, 3)]);
    add_text(attributes, (double)scores[1] > thresholds[1] ? "Glasses: True" : "Glasses: False");
    add_text(attributes, (double)scores[0] > thresholds[0] ? "Hat: True" : "Hat: False");
    add_text(attributes, (double)scores[18] > thresholds[2] ? "HoldObjectsInFront: True" : "HoldObjectsInFront: False");
    add_text(attributes, (double)scores[15 + bag] > thresholds[0] ? bags[bag] : "No bag");
    read_clothes(scores, thresholds[0], attributes);
    for (size_t i = 0; i < 26; i++)
        above[i] = (double)scores[i] > (i == 1 ? thresholds[1] : i == 18 ? thresholds[2] : 0.5);
}

/* ---- vehicle ----------------------------------------------------------------------------------------------------- */

/* The shortest digits that give the number back, as Python writes it, whatever the locale's decimal point is. */
static void print_number(double number, char *text, size_t size)
{
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, size, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    size_t kept = 0;
    bool pointed = false;
    for (const char *at = text; *at != '\0'; at++) {
        bool digit = (*at >= '0' && *at <= '9') || strchr("+-einfa", *at) != NULL;
        if (digit || !pointed)
            text[kept++] = digit ? *at : '.';
        pointed = pointed || !digit;
    }
    text[kept] = '\0';
    if (strpbrk(text, ".enf") == NULL && kept + 3 <= size)
        memcpy(text + kept, ".0", 3);
}

/* "Color: (red, prob: 0.9)", or "Color unknown" */
static void print_kind(const char *kind, const char *const *names, const float *scores, size_t count, double threshold,
                       char *text, size_t size)
{
    size_t best = best_of(scores, count);
    char number[40];
    print_number((double)scores[best], number, sizeof number);
    if ((double)scores[best] >= threshold)
        snprintf(text, size, "%s: (%s, prob: %s)", kind, names[best], number);
    else
        snprintf(text, size, "%s unknown", kind);
}

static void read_vehicle(const rmt_classify_reading *reading, const float *scores, rmt_attributes *attributes,
                         bool *above)
{
    static const char *const colours[] = {"yellow", "orange", "green",  "gray",  "red",
                                          "blue",   "white",  "golden", "brown", "black"};
    static const char *const types[] = {"sedan", "suv", "van", "hatchback", "mpv", "pickup", "bus", "truck", "estate"};
    const size_t size = sizeof attributes->texts[0];
    print_kind("Color", colours, scores, 10, reading->thresholds[0], next_text(attributes), size);
    print_kind("Type", types, scores + 10, 9, reading->thresholds[1], next_text(attributes), size);
    for (size_t i = 0; i < 19; i++)
        above[i] = (double)scores[i] > reading->thresholds[i < 10 ? 0 : 1];
}

/* ---- face, table ------------------------------------------------------------------------------------------------- */

static void read_face(const rmt_classify_reading *reading, const float *scores, rmt_attributes *attributes, bool *above)
{
    static const char *const names[40] = {
        "CheekWhiskers",
        "ArchedEyebrows",
        "Attractive",
        "BagsUnderEyes",
        "Bald",
        "Bangs",
        "BigLips",
        "BigNose",
        "BlackHair",
        "BlondHair",
        "Blurry",
        "BrownHair",
        "BushyEyebrows",
        "Chubby",
        "DoubleChin",
        "Eyeglasses",
        "Goatee",
        "GrayHair",
        "HeavyMakeup",
        "HighCheekbones",
        "Male",
        "MouthSlightlyOpen",
        "Mustache",
        "NarrowEyes",
        "NoBeard",
        "OvalFace",
        "PaleSkin",
        "PointyNose",
        "RecedingHairline",
        "RosyCheeks",
        "Sideburns",
        "Smiling",
        "StraightHair",
        "WavyHair",
        "WearingEarrings",
        "WearingHat",
        "WearingLipstick",
        "WearingNecklace",
        "WearingNecktie",
        "Young",
    };
    for (size_t i = 0; i < 40; i++) {
        above[i] = (double)scores[i] > reading->thresholds[0];
        if (above[i])
            add_text(attributes, names[i]);
        else if (i == 20 || i == 39)
            add_text(attributes, i == 20 ? "Female" : "Old");
    }
}

/* As in PaddleClas the words of the last two follow the threshold of the number. */
static void read_table(const rmt_classify_reading *reading, const float *scores, rmt_attributes *attributes,
                       bool *above)
{
    static const char *const words[6][2] = {{"Photo", "Scanned"},
                                            {"Numerous", "Little"},
                                            {"Multicolor", "Black-and-White"},
                                            {"Blurry", "Clear"},
                                            {"With-Obstacles", "Without-Obstacles"},
                                            {"Tilted", "Horizontal"}};
    for (size_t i = 0; i < 6; i++) {
        add_text(attributes, words[i][(double)scores[i] > reading->thresholds[i < 4 ? i : 1]]);
        above[i] = (double)scores[i] > reading->thresholds[i];
    }
}

/* ---- all --------------------------------------------------------------------------------------------------------- */

size_t rmt_attributes_outputs(rmt_classify_form form)
{
    switch (form) {
    case RMT_CLASSIFY_PERSON: return 26;
    case RMT_CLASSIFY_VEHICLE: return 19;
    case RMT_CLASSIFY_FACE: return 40;
    case RMT_CLASSIFY_TABLE: return 6;
    default: return 0;
    }
}

void rmt_attributes_read(const rmt_classify_reading *reading, const float *scores, rmt_attributes *attributes,
                         bool *above)
{
    attributes->count = 0;
    switch (reading->form) {
    case RMT_CLASSIFY_PERSON: read_person(reading, scores, attributes, above); break;
    case RMT_CLASSIFY_VEHICLE: read_vehicle(reading, scores, attributes, above); break;
    case RMT_CLASSIFY_FACE: read_face(reading, scores, attributes, above); break;
    case RMT_CLASSIFY_TABLE: read_table(reading, scores, attributes, above); break;
    default: break;
    }
}
