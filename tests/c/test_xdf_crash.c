/* Writing XDF, interrupted: killed at every write and at any time, and refused by the system. */
#include "watch.h"
#include "xdf_model.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* ------------------------------------------------------------- every moment between two writes --- */

static struct {
    const model *before, *after; /* what a reader may find */
    size_t n_looks, n_unlike;    /* looks; those at which size and header disagree (2.8) */
    bool whole;
} moments;

static void look(void)
{
    bytes file = read_file(path);
    bool found =
        holds_model(file, moments.after, false) || holds_model(file, moments.before, false);

    moments.n_looks++;
    check(found);
    if (file.n < F24_XDF_HEADER || (uint64_t)be32(file.at + 16) * 8 != file.n)
        moments.n_unlike++;
    free(file.at);
}

static void a_kill_at_any_write_leaves_every_whole_record(void)
{
    model before, after;
    session s;

    make_file(&before, 250, false);
    after = before;
    moments.n_looks = moments.n_unlike = 0;
    moments.before = &before;
    moments.after = &after;
    watch.look = look;
    check(begin(&s, true, NULL) == F24_OK);
    for (int i = 0; i < 12; i++) { /* across the end of a page */
        after.live[after.n++] = 1;
        check(add(s.store, before.n, NULL) == F24_OK);
        before = after;
    }
    for (size_t slot = 3; slot < 260; slot += 128) { /* in the last page and in the one before */
        after.live[slot] = 0;
        check(f24_store_delete(s.store, slot, NULL) == F24_OK);
        before = after;
        after.edits[slot + 1] = 1;
        check(edit(s.store, slot + 1, 1, NULL) == F24_OK);
        before = after;
    }
    check(f24_store_flush(s.store, NULL) == F24_OK);
    check(end(&s, NULL) == F24_OK);
    watch.look = NULL;
    check(moments.n_looks > 80);
    check(moments.n_unlike == 2); /* one step, and the cut at the end */
    check(file_holds(&after, true));
}

static void a_kill_while_it_is_made_leaves_every_whole_record(void)
{
    static const model none;
    model m = {0};
    session s;

    (void)unlink(path);
    check(begin(&s, true, NULL) == F24_OK);
    moments.before = &none;
    moments.after = &m;
    watch.look = look;
    m.live[m.n++] = 1;
    check(add(s.store, 0, NULL) == F24_OK);
    watch.look = NULL;
    check(end(&s, NULL) == F24_OK);
}

/* What the child has done is in memory that both see. */
static void write_for_ever(uint32_t chance, volatile uint32_t *n_done)
{
    model m = {0};
    session s;

    if (begin(&s, true, NULL) != F24_OK)
        _exit(1);
    while (m.n < MOST) {
        do_something(&s, &m, &chance);
        ++*n_done;
    }
    (void)raise(SIGKILL);
}

static model model_after(uint32_t chance, uint32_t n_done)
{
    model m = {0};

    while (n_done-- > 0)
        do_something(NULL, &m, &chance);
    return m;
}

static void a_writer_killed_at_any_time_loses_what_it_did_at_most(void)
{
    volatile uint32_t *n_done =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint32_t most = 0;

    check(n_done != MAP_FAILED);
    for (uint32_t i = 0; i < 200 && n_done != MAP_FAILED; i++) {
        const struct timespec wait = {0, (long)(mixed(i) % 6000) * 1000};
        model m;
        pid_t child;
        *n_done = 0;
        make_file(&m, 0, true);
        child = fork();
        if (child == 0)
            write_for_ever(i * 7919, n_done);
        (void)nanosleep(&wait, NULL);
        check(child > 0 && kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
        most = *n_done > most ? *n_done : most;
        m = model_after(i * 7919, *n_done);
        if (!file_holds(&m, false)) {
            m = model_after(i * 7919, *n_done + 1);
            check(file_holds(&m, false));
        }
    }
    check(most > 20);
    (void)munmap((void *)(uintptr_t)n_done, 4096);
}

/* ------------------------------------------------------------------------------ failed writes --- */

/* What happens in session `s`: n_operations of one kind each, from a file of 254 records. */
static f24_status operate(session *s, int operation, model *m, f24_error *err)
{
    f24_status status;

    if (operation < 4) {
        status = add(s->store, m->n, err);
        if (status == F24_OK)
            m->live[m->n++] = 1;
    } else if (operation < 6) {
        size_t slot = operation == 4 ? 7 : 256;
        status = f24_store_delete(s->store, slot, err);
        if (status == F24_OK)
            m->live[slot] = 0;
    } else {
        size_t slot = operation == 6 ? 9 : 255;
        status = edit(s->store, slot, m->edits[slot] + 1u, err);
        if (status == F24_OK)
            m->edits[slot]++;
    }
    return status;
}

/*
 * Do it all with the n-th system call failing, alone or with all until the operation ends: then it may not be
 * undone on disk, and the end tells. False: there are fewer calls.
 */
static bool survives_failure(bool in_place, int nth, bool for_long)
{
    bool met = false, reached;
    f24_error err = {0};
    model m;
    session s;

    make_file(&m, in_place ? 254 : 0, false);
    check(begin(&s, in_place, NULL) == F24_OK);
    while (m.n < 254)
        add_to(&s, &m);
    watch.n_calls = 0;
    watch.fail_at = nth;
    watch.fail_for_long = for_long;
    for (int operation = 0; operation < 8; operation++) {
        f24_status status = operate(&s, operation, &m, &err);
        if (status != F24_OK) {
            check(!met && status == F24_EIO && err.sys_errno == ENOSPC);
            met = true;
            watch.fail_at = 0;
            if (in_place && !for_long)
                check(file_holds(&m, false));
            operation--; /* now it goes well */
        }
    }
    reached = watch.n_calls >= nth;
    watch.fail_at = 0;
    if (end(&s, &err) == F24_OK) {
        check(file_holds(&m, true));
    } else {
        check(for_long && met && strstr(err.message, "could not be undone") != NULL);
        if (in_place)
            check(file_holds(&m, false));
    }
    return reached;
}

static void a_failed_write_changes_nothing(bool in_place, bool for_long)
{
    int n = 1;

    while (n < 200 && survives_failure(in_place, n, for_long))
        n++;
    check(n > 8 && n < 200);
}

static void a_full_disk_leaves_what_was_there(void)
{
    int exit_status = -1;
    model m;
    pid_t child;

    make_file(&m, 20, false);
    child = fork();
    if (child == 0) {
        const struct rlimit limit = {200000, 200000};
        f24_error err = {0};
        session s;
        int failed = n_failed;
        (void)signal(SIGXFSZ, SIG_IGN);
        check(setrlimit(RLIMIT_FSIZE, &limit) == 0);
        check(begin(&s, true, NULL) == F24_OK);
        while (m.n < MOST && add(s.store, m.n, &err) == F24_OK)
            m.live[m.n++] = 1;
        check(err.status == F24_EIO && err.sys_errno == EFBIG && m.n > 20 && m.n < MOST);
        check(file_holds(&m, false));
        check(f24_store_delete(s.store, 4, NULL) == F24_OK);
        m.live[4] = 0;
        check(end(&s, NULL) == F24_OK);
        check(file_holds(&m, true));
        _exit(n_failed != failed);
    }
    check(child > 0 && waitpid(child, &exit_status, 0) == child && exit_status == 0);
}

int main(void)
{
    begin_files();
    if (watch_works()) {
        a_kill_at_any_write_leaves_every_whole_record();
        a_kill_while_it_is_made_leaves_every_whole_record();
        a_failed_write_changes_nothing(false, false);
        a_failed_write_changes_nothing(false, true);
        a_failed_write_changes_nothing(true, false);
        a_failed_write_changes_nothing(true, true);
    }
    a_writer_killed_at_any_time_loses_what_it_did_at_most();
    a_full_disk_leaves_what_was_there();
    end_files();
    return report();
}
