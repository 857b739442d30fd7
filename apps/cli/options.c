/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flags from tables: reading them, and the help text made of them.
 *
 * `--flag value` and `--flag=value` both work, names are never abbreviated, and
 * a truth value may be left out. What is wrong is said with the flag's own help,
 * and an unknown flag with the nearest one. getopt_long() is not used: it
 * knows abbreviations, but neither tables of targets nor `--share false`.
 */
#include "cli.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HELP_COLUMN = 34, LONGEST_WORD = 64 };

/* ---- values ---------------------------------------------------------------------------------------------- */

/* 1 or 0 for what means true or false, -1 for anything else. */
static int truth_of(const char *text)
{
    static const char *const words[][2] = {{"false", "true"}, {"0", "1"}, {"no", "yes"}, {"off", "on"}};
    for (size_t i = 0; i < CLI_COUNT(words); i++) {
        for (int truth = 0; truth < 2; truth++)
            if (!strcasecmp(text, words[i][truth]))
                return truth;
    }
    return -1;
}

static bool takes_truth(const cli_flag *flag)
{
    return flag->kind == CLI_KIND_BOOL || (flag->kind == CLI_KIND_ONLY && truth_of(flag->value_name) == 0);
}

/* The place of a word in "max|min|resize_long", -1 when it is not there. */
static int choice_of(const char *choices, const char *word)
{
    for (int place = 0; *choices; place++) {
        size_t length = strcspn(choices, "|");
        if (length == strlen(word) && !memcmp(choices, word, length))
            return place;
        choices += length + (choices[length] == '|');
    }
    return -1;
}

static bool is_within(const cli_flag *flag, double value)
{
    return (flag->least == 0 && flag->most == 0) || (value >= flag->least && value <= flag->most);
}

/* A number that ends where `end` says, or NAN. */
static double read_number(const cli_flag *flag, const char *text, char **end)
{
    errno = 0;
    double value = strtod(text, end);
    return *end == text || errno || !isfinite(value) || !is_within(flag, value) ? NAN : value;
}

static bool store_int(const cli_flag *flag, const char *text, int32_t *target)
{
    char *end;
    double value = read_number(flag, text, &end);
    if (*end || isnan(value) || value != trunc(value) || fabs(value) > INT32_MAX)
        return false;
    *target = (int32_t)value;
    return true;
}

static bool store_bytes(const char *text, uint64_t *target)
{
    char *end;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value == 0)
        return false;
    *target = value;
    return true;
}

/* `count` numbers with commas between them. */
static bool store_reals(const cli_flag *flag, const char *text, float *target, int count)
{
    float values[3];
    for (int i = 0; i < count; i++) {
        char *end;
        double value = read_number(flag, text, &end);
        if (isnan(value) || *end != (i + 1 < count ? ',' : 0))
            return false;
        values[i] = (float)value;
        text = end + 1;
    }
    memcpy(target, values, (size_t)count * sizeof *values);
    return true;
}

static bool store_truth(const char *text, int32_t *target)
{
    int truth = truth_of(text);
    if (truth >= 0)
        *target = truth;
    return truth >= 0;
}

static bool store_choice(const cli_flag *flag, const char *text, void *target)
{
    int choice = choice_of(flag->value_name, text);
    if (choice >= 0)
        memcpy(target, &choice, sizeof choice); /* an enum without negative values has the size of an int */
    return choice >= 0;
}

static bool is_the_only_value(const cli_flag *flag, const char *text)
{
    return !strcasecmp(text, flag->value_name) || (takes_truth(flag) && truth_of(text) == 0);
}

/* Puts a value where the flag wants it; false when it is not one. */
static bool store_value(const cli_flag *flag, const char *text, void *target)
{
    switch (flag->kind) {
    case CLI_KIND_BOOL: return store_truth(text, target);
    case CLI_KIND_INT: return store_int(flag, text, target);
    case CLI_KIND_BYTES: return store_bytes(text, target);
    case CLI_KIND_REAL: return store_reals(flag, text, target, 1);
    case CLI_KIND_REAL3: return store_reals(flag, text, target, 3);
    case CLI_KIND_TEXT: *(const char **)target = text; return *text != 0;
    case CLI_KIND_MAYBE: *(const char **)target = strcmp(text, "none") ? text : NULL; return *text != 0;
    case CLI_KIND_TEXTS: cli_texts_add(target, text); return *text != 0;
    case CLI_KIND_CHOICE: return store_choice(flag, text, target);
    case CLI_KIND_ONLY: return is_the_only_value(flag, text);
    }
    return false;
}

/* ---- mistakes -------------------------------------------------------------------------------------------- */

static void complain_value(const cli_flag *flag, const char *text)
{
    char range[96] = "";
    if (flag->kind == CLI_KIND_ONLY) {
        snprintf(range, sizeof range, "only %s is accepted", flag->value_name);
    } else if (flag->kind == CLI_KIND_CHOICE) {
        snprintf(range, sizeof range, "one of %s is wanted", flag->value_name);
    } else if (flag->least != 0 || flag->most != 0) {
        snprintf(range, sizeof range, "%s from %.10g to %.10g is wanted",
                 flag->kind == CLI_KIND_INT ? "a whole number" : "a number", flag->least, flag->most);
    } else {
        snprintf(range, sizeof range, "%s is wanted", flag->kind == CLI_KIND_BOOL ? "true or false" : flag->value_name);
    }
    cli_complain("--%s: '%s' is refused, %s: %s", flag->name, text, range, flag->help);
}

/* How far a flag is from what was typed; the beginning of a name counts as near. */
static size_t flag_distance(const char *typed, const char *name)
{
    return *typed && !strncmp(name, typed, strlen(typed)) ? 1 : cli_word_distance(typed, name);
}

static void complain_unknown(const cli_syntax *syntax, const char *typed)
{
    const char *nearest = NULL;
    size_t best = 2 + strlen(typed) / 4;
    for (size_t g = 0; g < syntax->group_count; g++) {
        for (size_t i = 0; i < syntax->groups[g].count; i++) {
            const char *name = syntax->groups[g].flags[i].name;
            if (flag_distance(typed, name) < best) {
                best = flag_distance(typed, name);
                nearest = name;
            }
        }
    }
    if (nearest)
        cli_complain("unknown flag '--%s'; did you mean '--%s'?", typed, nearest);
    else
        cli_complain("unknown flag '--%s'; `ramet help %s` lists the flags", typed, syntax->verb->name);
}

/* ---- reading --------------------------------------------------------------------------------------------- */

/* The flag called name[0..length), with its group. */
static const cli_flag *find_flag(const cli_syntax *syntax, const char *name, size_t length, const cli_group **group)
{
    for (size_t g = 0; g < syntax->group_count; g++) {
        *group = &syntax->groups[g];
        for (size_t i = 0; i < (*group)->count; i++) {
            const char *candidate = (*group)->flags[i].name;
            if (strlen(candidate) == length && !memcmp(candidate, name, length))
                return &(*group)->flags[i];
        }
    }
    return NULL;
}

/* Flags are never taken for values: --model=--odd is the way to say that. */
static bool may_be_value(const cli_flag *flag, const char *argument)
{
    return takes_truth(flag) ? truth_of(argument) >= 0 : strncmp(argument, "--", 2) != 0;
}

/* The value of a flag that stands at *at: behind '=', in the next argument, or "true". NULL: there is none. */
static const char *take_value(const cli_flag *flag, const char *equals, int argc, char **argv, int *at)
{
    if (equals)
        return equals + 1;
    if (*at + 1 < argc && may_be_value(flag, argv[*at + 1]))
        return argv[++*at];
    return takes_truth(flag) ? "true" : NULL;
}

/* "-" is a word: the standard input. */
static bool is_flag(const char *argument) { return argument[0] == '-' && argument[1]; }

/* Reads the flag at argv[*at], with one dash or two, and moves *at to the last argument that belongs to it. */
static bool read_flag(const cli_syntax *syntax, int argc, char **argv, int *at)
{
    const char *name = argv[*at] + (argv[*at][1] == '-' ? 2 : 1), *equals = strchr(name, '=');
    const cli_group *group;
    const cli_flag *flag = find_flag(syntax, name, equals ? (size_t)(equals - name) : strlen(name), &group);
    if (!flag) {
        char typed[LONGEST_WORD];
        snprintf(typed, sizeof typed, "%.*s", equals ? (int)(equals - name) : LONGEST_WORD, name);
        complain_unknown(syntax, typed);
        return false;
    }
    const char *value = take_value(flag, equals, argc, argv, at);
    if (!value) {
        cli_complain("--%s needs a value: %s", flag->name, flag->help);
        return false;
    }
    void *target = group->settings ? (char *)group->settings + flag->offset : NULL;
    if (!store_value(flag, value, target)) {
        complain_value(flag, value);
        return false;
    }
    return true;
}

static bool read_word(const cli_syntax *syntax, const char *word)
{
    if (syntax->words)
        cli_texts_add(syntax->words, word);
    else
        cli_complain("'%s' is not expected; `ramet help %s` shows how to call it", word, syntax->verb->name);
    return syntax->words != NULL;
}

/* ---- help ------------------------------------------------------------------------------------------------ */

static void print_flag(const cli_flag *flag)
{
    if (!flag->help)
        return;
    const char *value = flag->kind == CLI_KIND_BOOL ? "[true|false]" : flag->value_name;
    int printed = printf("  --%s %s", flag->name, value);
    if (printed >= HELP_COLUMN) {
        printf("\n");
        printed = 0;
    }
    printf("%*s%s\n", HELP_COLUMN - printed, "", flag->help);
}

static void print_help(const cli_syntax *syntax)
{
    printf("ramet %s: %s\n\nUsage: ramet %s %s\n", syntax->verb->name, syntax->verb->summary, syntax->verb->name,
           syntax->usage);
    if (syntax->details)
        printf("\n%s", syntax->details);
    for (size_t g = 0; g < syntax->group_count; g++) {
        printf("\n%s\n", syntax->groups[g].title);
        for (size_t i = 0; i < syntax->groups[g].count; i++)
            print_flag(&syntax->groups[g].flags[i]);
    }
    printf("\nExample\n  %s\n", syntax->example);
}

bool cli_arguments_read(const cli_syntax *syntax, int argc, char **argv, int *exit_code)
{
    bool only_words = false, good = true;
    for (int i = 1; i < argc && good; i++) {
        if (!only_words && (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))) {
            print_help(syntax);
            *exit_code = CLI_EXIT_OK;
            return false;
        }
        if (!only_words && !strcmp(argv[i], "--"))
            only_words = true;
        else if (!only_words && is_flag(argv[i]))
            good = read_flag(syntax, argc, argv, &i);
        else
            good = read_word(syntax, argv[i]);
    }
    *exit_code = CLI_EXIT_USAGE;
    return good;
}
