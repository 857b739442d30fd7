/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command: finds the verb and runs it.
 *
 * A new verb is a file verb_NAME.c that defines cli_verb_NAME, and a line in
 * the table below.
 */
#include "cli.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const cli_verb *const verbs[] = {&cli_verb_classify, &cli_verb_detect,  &cli_verb_ocr,   &cli_verb_segment,
                                        &cli_verb_run,      &cli_verb_inspect, &cli_verb_bench, &cli_verb_doctor};

static void print_overview(FILE *out)
{
    fputs(
        "ramet: models of PaddleClas, PaddleDetection, PaddleSeg and PaddleOCR on CPUs, many threads from one copy of\n"
        "the weights\n\n"
        "Usage: ramet VERB [FLAGS] [ARGUMENTS]\n\n",
        out);
    for (size_t i = 0; i < CLI_COUNT(verbs); i++)
        fprintf(out, "  %-10s %s\n", verbs[i]->name, verbs[i]->summary);
    fputs("  help       this text; `ramet help VERB` shows the flags of a verb and an example\n"
          "  version    the version\n\n"
          "Exit code: 0 all good, 1 some inputs failed, 2 wrong usage or a model that cannot be opened\n",
          out);
}

static const cli_verb *find_verb(const char *name)
{
    for (size_t i = 0; i < CLI_COUNT(verbs); i++)
        if (!strcmp(name, verbs[i]->name))
            return verbs[i];
    return NULL;
}

static int complain_unknown_verb(const char *name)
{
    const cli_verb *nearest = verbs[0];
    for (size_t i = 1; i < CLI_COUNT(verbs); i++)
        if (cli_word_distance(name, verbs[i]->name) < cli_word_distance(name, nearest->name))
            nearest = verbs[i];
    if (cli_word_distance(name, nearest->name) <= 2)
        cli_complain("unknown verb '%s'; did you mean '%s'?", name, nearest->name);
    else
        cli_complain("unknown verb '%s'; `ramet help` lists the verbs", name);
    return CLI_EXIT_USAGE;
}

static int run_help(const char *name)
{
    const cli_verb *verb = name ? find_verb(name) : NULL;
    if (verb) {
        char *arguments[] = {(char *)verb->name, "--help", NULL};
        return verb->run(2, arguments);
    }
    if (name)
        return complain_unknown_verb(name);
    print_overview(stdout);
    return CLI_EXIT_OK;
}

static bool is_one_of(const char *word, const char *a, const char *b) { return !strcmp(word, a) || !strcmp(word, b); }

static int run_command(int argc, char **argv)
{
    if (argc < 2) {
        print_overview(stderr);
        return CLI_EXIT_USAGE;
    }
    if (is_one_of(argv[1], "help", "--help") || !strcmp(argv[1], "-h"))
        return run_help(argv[2]);
    if (is_one_of(argv[1], "version", "--version")) {
        printf("ramet %s\n", ramet_version());
        return CLI_EXIT_OK;
    }
    const cli_verb *verb = find_verb(argv[1]);
    return verb ? verb->run(argc - 1, argv + 1) : complain_unknown_verb(argv[1]);
}

/* A file opened by us must never become the standard output by accident. */
static void occupy_standard_files(void)
{
    int file;
    do {
        file = open("/dev/null", O_RDONLY);
    } while (file >= 0 && file <= STDERR_FILENO);
    if (file >= 0)
        close(file);
}

int main(int argc, char **argv)
{
    occupy_standard_files();
    signal(SIGPIPE, SIG_IGN); /* a reader that went away is a write error, seen where we write */
    json_object_seed(0);      /* jansson's one global, before there are threads */
    int exit_code = run_command(argc, argv);
    return exit_code != CLI_EXIT_OK || cli_flush_standard_output() ? exit_code : CLI_EXIT_SOME_FAILED;
}
