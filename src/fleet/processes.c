/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Worker processes around a window of inputs.
 *
 * One thread does it all: it hands an input to each worker that waits, sleeps
 * until mail comes, and delivers what is due. A worker that dies is replaced.
 * An input is begun at most twice; after that it is lost, and said so. A worker
 * that dies before it has begun has not tried.
 */
#include "fleet/fleet.h"
#include "fleet/mail.h"

#include <errno.h>
#include <stdlib.h>

enum { MOST_TRIES = 2, MOST_STILLBORN = 3, MOST_IDLE_DEATHS = 1000, NOBODY = -1 };

typedef enum slot_state { SLOT_FREE, SLOT_GIVEN, SLOT_WAITING, SLOT_DONE } slot_state;

/* One input of the window; WAITING: a worker that had it has died. */
typedef struct slot {
    slot_state state;
    int tries; /* how many have begun */
    bool lost;
    void *data; /* the result, from malloc; of a lost one the ramet_error */
    size_t bytes;
} slot;

typedef struct member {
    rmt_os_child child;
    bool alive, ready;
    int64_t input; /* NOBODY: none */
    bool begun;    /* it has said that it works on it */
} member;

typedef struct crew {
    const ramet_fleet_process_job *job;
    member *members;
    size_t member_count;
    slot *slots; /* [size]; input i at i % size */
    size_t size, count;
    size_t taken, delivered;
    size_t waiting;     /* slots in that state */
    size_t stillborn;   /* workers that died before they were ready, since one was */
    size_t idle_deaths; /* workers that died before they began on their input, since one did */
    bool stopped;
    ramet_fleet_sink sink;
    const rmt_os_line **lines; /* [member_count], for a wait */
    bool *mailed;              /* [member_count] */
} crew;

static slot *slot_of(crew *c, size_t index) { return &c->slots[index % c->size]; }

/* ---- workers --------------------------------------------------------------------------------------------------- */

/* In a forked worker: the lines to the others are not ours. */
static int forked_main(void *context, rmt_os_line line)
{
    crew *c = context;
    for (size_t i = 0; i < c->member_count; i++)
        if (c->members[i].alive)
            rmt_os_line_close(&c->members[i].child.line);
    return rmt_fleet_serve(c->job, &line, NULL) ? 1 : 0;
}

static ramet_status start_member(crew *c, member *m, ramet_error *error)
{
    *m = (member){.input = NOBODY};
    const char *const *command = c->job->command;
    int failed = command ? rmt_os_spawn(&m->child, command, c->job->descriptors, c->job->descriptor_count)
                         : rmt_os_fork(&m->child, forked_main, c);
    if (failed)
        return rmt_fail_errno(error, failed, "start a worker process", command ? command[0] : "fork");
    m->alive = true;
    return RAMET_STATUS_OK;
}

static size_t count_alive(const crew *c)
{
    size_t alive = 0;
    for (size_t i = 0; i < c->member_count; i++)
        alive += c->members[i].alive;
    return alive;
}

/* As many as the system gives; one is enough. */
static ramet_status start_members(crew *c, ramet_error *error)
{
    ramet_status status = RAMET_STATUS_OK;
    for (size_t i = 0; i < c->member_count && !status; i++)
        status = start_member(c, &c->members[i], error);
    return count_alive(c) > 0 ? RAMET_STATUS_OK : status;
}

static bool is_idle(const member *m) { return m->alive && m->ready && m->input == NOBODY; }

/* Lets all workers go: those that are idle end by themselves, the others are not wanted any more. */
static void dismiss_members(crew *c)
{
    char ending[64];
    for (size_t i = 0; i < c->member_count && c->job->leaving; i++)
        if (is_idle(&c->members[i]))
            c->job->leaving(c->job->context, c->members[i].child.id);
    for (size_t i = 0; i < c->member_count; i++) {
        member *m = &c->members[i];
        if (m->alive)
            rmt_os_child_end(&m->child, !is_idle(m), ending);
        m->alive = false;
    }
}

/* ---- inputs ---------------------------------------------------------------------------------------------------- */

/* The next input to give out: one that a worker died on before a new one; NOBODY when there is none, or no room. */
static int64_t next_input(const crew *c)
{
    for (size_t i = c->delivered; c->waiting > 0 && i < c->taken; i++)
        if (c->slots[i % c->size].state == SLOT_WAITING)
            return (int64_t)i;
    return c->taken < c->count && c->taken - c->delivered < c->size ? (int64_t)c->taken : NOBODY;
}

static void finish(crew *c, size_t index, bool lost, void *data, size_t bytes)
{
    slot *s = slot_of(c, index);
    *s = (slot){.state = SLOT_DONE, .lost = lost, .data = data, .bytes = bytes};
}

static void lose(crew *c, size_t index, const ramet_error *why)
{
    ramet_error *copy = malloc(sizeof *copy); /* without memory it is lost without words, but in its turn */
    if (copy)
        *copy = *why;
    finish(c, index, true, copy, sizeof *copy);
}

/* A worker is gone while it had this input. */
static void take_back(crew *c, size_t index, const char *ending)
{
    slot *s = slot_of(c, index);
    if (s->tries < MOST_TRIES) {
        s->state = SLOT_WAITING;
        c->waiting++;
        return;
    }
    ramet_error why = {0};
    rmt_fail(&why, RAMET_STATUS_INTERNAL, "%d worker processes died on this input (the last: %s); it is given up",
             MOST_TRIES, ending);
    lose(c, index, &why);
}

/* A worker is gone, or speaks nonsense. Takes its place with a new one. */
static ramet_status replace_member(crew *c, member *m, ramet_error *error)
{
    char ending[64];
    rmt_os_child_end(&m->child, true, ending);
    m->alive = false;
    if (m->input != NOBODY)
        take_back(c, (size_t)m->input, ending);
    if (!m->ready && ++c->stillborn >= MOST_STILLBORN)
        return rmt_fail(error, RAMET_STATUS_IO, "%d worker processes died before they were ready (the last: %s)",
                        MOST_STILLBORN, ending);
    if (m->input != NOBODY && !m->begun && ++c->idle_deaths >= MOST_IDLE_DEATHS)
        return rmt_fail(error, RAMET_STATUS_IO, "%d worker processes died before they began on an input (the last: %s)",
                        MOST_IDLE_DEATHS, ending);
    ramet_error unable;
    ramet_status status = start_member(c, m, &unable);
    if (!status || count_alive(c) > 0)
        return RAMET_STATUS_OK;
    if (error)
        *error = unable;
    return status;
}

/* A worker that is gone already is noticed when its line is read. */
static void give(crew *c, member *m, size_t index)
{
    slot *s = slot_of(c, index);
    if (s->state == SLOT_WAITING)
        c->waiting--;
    else
        c->taken++;
    s->state = SLOT_GIVEN;
    m->input = (int64_t)index;
    m->begun = false;
    c->sink.buffer.bytes = 0;
    c->sink.full = false;
    if (c->job->describe)
        c->job->describe(c->job->context, index, &c->sink);
    if (!c->sink.full) {
        rmt_mail_send(&m->child.line, RMT_MAIL_PARCEL, index, c->sink.buffer.data, c->sink.buffer.bytes);
        return;
    }
    ramet_error why = {0};
    rmt_fail_memory(&why, c->sink.buffer.bytes);
    lose(c, index, &why);
    m->input = NOBODY;
}

static void give_out(crew *c)
{
    for (size_t i = 0; i < c->member_count && !c->stopped; i++) {
        member *m = &c->members[i];
        int64_t index = is_idle(m) ? next_input(c) : NOBODY;
        if (index != NOBODY)
            give(c, m, (size_t)index);
    }
}

/* ---- mail ------------------------------------------------------------------------------------------------------ */

/* Whether a worker may say this now. */
static bool is_sensible(const member *m, const rmt_mail *mail)
{
    if (mail->kind == RMT_MAIL_FAILURE && mail->bytes != sizeof(ramet_error))
        return false;
    if (!m->ready)
        return mail->kind == RMT_MAIL_READY || mail->kind == RMT_MAIL_FAILURE;
    return m->input != NOBODY && mail->index == (uint64_t)m->input && mail->kind != RMT_MAIL_READY &&
           m->begun == (mail->kind != RMT_MAIL_BEGUN);
}

/* data: from malloc; what is not kept is freed. */
static ramet_status take_mail(crew *c, member *m, const rmt_mail *mail, void *data, ramet_error *error)
{
    if (mail->kind == RMT_MAIL_BEGUN) {
        m->begun = true;
        slot_of(c, (size_t)mail->index)->tries++;
        c->idle_deaths = 0;
        free(data);
        return RAMET_STATUS_OK;
    }
    if (m->ready) {
        finish(c, (size_t)mail->index, mail->kind == RMT_MAIL_FAILURE, data, (size_t)mail->bytes);
        m->input = NOBODY;
        return RAMET_STATUS_OK;
    }
    ramet_status status = RAMET_STATUS_OK;
    if (mail->kind == RMT_MAIL_FAILURE) {
        const ramet_error *why = data;
        status = why->status;
        if (error)
            *error = *why;
    }
    m->ready = !status;
    c->stillborn = 0;
    free(data);
    return status;
}

static ramet_status hear(crew *c, member *m, ramet_error *error)
{
    rmt_mail mail;
    void *data = NULL;
    int failed = rmt_mail_receive(&m->child.line, &mail);
    if (!failed)
        failed = rmt_mail_read(&m->child.line, &mail, &data);
    if (!failed && is_sensible(m, &mail))
        return take_mail(c, m, &mail, data, error);
    free(data);
    return replace_member(c, m, error);
}

/* Sleeps until a worker has something to say, or has died. */
static ramet_status hear_members(crew *c, ramet_error *error)
{
    size_t alive = 0;
    for (size_t i = 0; i < c->member_count; i++)
        if (c->members[i].alive)
            c->lines[alive++] = &c->members[i].child.line;
    int failed = rmt_os_lines_wait(c->lines, alive, c->mailed);
    if (failed)
        return rmt_fail_errno(error, failed, "wait for", "worker processes");
    ramet_status status = RAMET_STATUS_OK;
    size_t at = 0;
    for (size_t i = 0; i < c->member_count && at < alive && !status; i++)
        if (c->lines[at] == &c->members[i].child.line && c->mailed[at++])
            status = hear(c, &c->members[i], error);
    return status;
}

/* ---- results --------------------------------------------------------------------------------------------------- */

static int deliver(const crew *c, size_t index, const slot *s)
{
    static const ramet_error wordless = {.status = RAMET_STATUS_OUT_OF_MEMORY, .message = "lost for want of memory"};
    ramet_fleet_parcel result = {index, s->lost ? NULL : s->data, s->lost ? 0 : s->bytes};
    const ramet_error *lost = !s->lost ? NULL : s->data ? s->data : &wordless;
    return c->job->deliver ? c->job->deliver(c->job->context, &result, lost) : 0;
}

static void deliver_due(crew *c)
{
    while (!c->stopped && c->delivered < c->taken && slot_of(c, c->delivered)->state == SLOT_DONE) {
        slot *s = slot_of(c, c->delivered);
        c->stopped = deliver(c, c->delivered, s) != 0;
        free(s->data);
        *s = (slot){.state = SLOT_FREE};
        c->delivered++;
    }
}

static ramet_status run_crew(crew *c, ramet_error *error)
{
    ramet_status status = start_members(c, error);
    while (!status && !c->stopped && c->delivered < c->count) {
        give_out(c);
        deliver_due(c); /* what could not be described is done without a worker */
        if (!c->stopped && c->delivered < c->count)
            status = hear_members(c, error);
        deliver_due(c);
    }
    dismiss_members(c);
    return status;
}

static void clear_crew(crew *c)
{
    for (size_t i = 0; c->slots && i < c->size; i++)
        free(c->slots[i].data);
    rmt_buffer_clear(&c->sink.buffer);
    free(c->slots);
    free(c->members);
    free(c->lines);
    free(c->mailed);
}

ramet_status ramet_fleet_run_processes(const ramet_fleet_process_job *job, size_t count,
                                       const ramet_fleet_option *option, size_t *done, ramet_error *error)
{
    crew c = {.job = job, .count = count};
    rmt_crew_size size;
    ramet_status status = RAMET_STATUS_OK;
    if (!job || !job->work || (job->command && !job->command[0]))
        status = rmt_fail(error, RAMET_STATUS_INVALID_ARGUMENT,
                          "a fleet needs a job with a work function, and a command with words");
    else
        status = rmt_crew_size_read(option, count, true, &size, error);
    if (!status && count > 0) {
        c.member_count = (size_t)size.workers;
        c.size = size.window;
        c.members = calloc(c.member_count, sizeof *c.members);
        c.slots = calloc(c.size, sizeof *c.slots);
        c.lines = calloc(c.member_count, sizeof *c.lines);
        c.mailed = calloc(c.member_count, sizeof *c.mailed);
        status = c.members && c.slots && c.lines && c.mailed ? run_crew(&c, error) : rmt_fail_memory(error, c.size);
        clear_crew(&c);
    }
    if (done)
        *done = c.delivered;
    return status;
}
