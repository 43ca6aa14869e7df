/* Writing RSF when it is cut off: by a kill, by a full disk. docs/format/containers.md, 3.10. */
#include "stores.h"
#include "watch.h"

#include "container/rsf_parts.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define MIB (1u << 20)

/* ------------------------------------------------------------------- a kill at any write, watched */

static struct {
    int64_t before,
        after; /* records that a reader may find: what is done, or what is being done, too */
    int n_looks;
} moments;

/* What a kill at this moment would leave. */
static void look(void)
{
    found f = find_all();
    bool right = (f.n == moments.before || f.n == moments.after) && n_right(&f) == f.n;

    moments.n_looks++;
    if (!right)
        (void)fprintf(stderr, "  %lld records instead of %lld: %s\n", (long long)f.n,
                      (long long)moments.before, f.err.message);
    check(right);
    f24_close(f.file);
}

static void expect(int64_t n)
{
    moments.before = moments.after;
    moments.after = n;
}

/* Sizes around half a page: starts of segments come to lie across the end of a page, too. */
static void a_kill_at_any_write_leaves_every_whole_record(bool parallel)
{
    writing w = write_new(F24_RSF);
    int64_t n = 20;

    for (uint32_t i = 0; i < 20; i++)
        check(put_json(&w, i, 30 + i, i % 2 ? "{\"a\":1}" : NULL) == F24_OK);
    check(end_writing(&w) == F24_OK);
    moments.n_looks = 0;
    moments.before = moments.after = n;
    w = write_in_place(F24_RSF, parallel, MIB);
    watch.look = look;
    for (uint32_t i = 0; i < 60; i++) {
        expect(n + 1);
        check(put(&w, 20 + i, 400 + 13 * i) == F24_OK);
        expect(++n);
        if (i % 3 == 2)
            check(f24_store_flush(w.store, NULL) == F24_OK);
        if (i % 10 == 9) {
            expect(n - 1);
            check(f24_store_delete(w.store, i % 20 == 9 ? i : 20 + i, NULL) == F24_OK);
            expect(--n);
        }
    }
    expect(n + 1);
    check(put(&w, 1000, 300000) == F24_OK); /* a segment of its own */
    expect(++n);
    check(end_writing(&w) == F24_OK);
    watch.look = NULL;
    check(!watch_works() || moments.n_looks > 150);
    check(holds_all(n));
}

/* ------------------------------------------------------------------------- a kill at any time */

static uint32_t mixed(uint32_t i)
{
    i = (i ^ i >> 16) * 0x45D9F3Bu;
    i = (i ^ i >> 16) * 0x45D9F3Bu;
    return i ^ i >> 16;
}

enum { WRITERS = 3, MOST_EACH = 4000 };

static _Noreturn void give_up(const writing *w)
{
    (void)fprintf(stderr, "  %s\n", w->err.message);
    _exit(1);
}

/* What each writer has done is in memory that all see. */
static void write_for_ever(uint32_t which, bool parallel, volatile uint32_t *n_done)
{
    writing w = write_in_place(F24_RSF, parallel, MIB);

    if (w.status != F24_OK)
        give_up(&w);
    for (uint32_t i = 0; i < MOST_EACH; i++) {
        if (put(&w, which * MOST_EACH + i, 100 + mixed(i) % 3000) != F24_OK)
            give_up(&w);
        n_done[which] = i + 1;
        if (mixed(i) % 16 == 0 && f24_store_flush(w.store, &w.err) != F24_OK)
            give_up(&w);
    }
    (void)raise(SIGKILL);
}

/* The file holds what was done, and at most one more record of each writer. */
static bool holds_done(const volatile uint32_t *n_done, uint32_t n_writers)
{
    uint32_t n_seen[WRITERS] = {0};
    found f = find_all();
    bool right = f.n >= 0 && n_right(&f) == f.n;

    for (int64_t i = 0; i < f.n; i++) {
        uint32_t ip1 = (uint32_t)f24_table_columns(f24_file_table(f.file))->ip1[i];
        right = right && ip1 % MOST_EACH == n_seen[ip1 / MOST_EACH]++;
    }
    for (uint32_t i = 0; i < n_writers; i++)
        right = right && (n_seen[i] == n_done[i] || n_seen[i] == n_done[i] + 1);
    if (!right)
        (void)fprintf(stderr, "  %lld records, %lld right, where %u, %u and %u were written: %s\n",
                      (long long)f.n, (long long)n_right(&f), n_done[0], n_done[1], n_done[2],
                      f.err.message);
    f24_close(f.file);
    return right;
}

static void writers_killed_at_any_time_lose_one_record_each(uint32_t n_writers, uint32_t n_kills)
{
    volatile uint32_t *n_done =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint32_t most = 0;

    check(n_done != MAP_FAILED);
    for (uint32_t i = 0; i < n_kills && n_done != MAP_FAILED; i++) {
        const struct timespec wait = {0, (long)(mixed(i) % 8000) * 1000};
        pid_t children[WRITERS] = {0};
        writing w;
        (void)unlink(path);
        w = write_in_place(F24_RSF, true, MIB);
        check(w.status == F24_OK && end_writing(&w) == F24_OK); /* a file without records */
        for (uint32_t k = 0; k < n_writers; k++) {
            n_done[k] = 0;
            children[k] = fork();
            if (children[k] == 0)
                write_for_ever(k, n_writers > 1, n_done);
        }
        (void)nanosleep(&wait, NULL);
        for (uint32_t k = 0; k < n_writers; k++) {
            int status = 0;
            check(children[k] > 0 && kill(children[k], SIGKILL) == 0);
            check(waitpid(children[k], &status, 0) == children[k] && WIFSIGNALED(status));
            most = n_done[k] > most ? n_done[k] : most;
        }
        check(holds_done(n_done, n_writers));
    }
    check(most > 20);
    (void)munmap((void *)(uintptr_t)n_done, 4096);
}

/* A writer that dies between the two writes that reserve a segment leaves its bare start. */
static void the_bare_start_of_a_dead_writer_stops_nobody(void)
{
    const f24_rsf_sizes sizes = {.sseg = MIB - 1000};
    uint8_t begun[F24_RSF_SOS + F24_RSF_EOS_LOW];
    uint64_t size = 0;
    writing w, other;

    (void)unlink(path);
    f24_rsf_put_sos(begun, F24_RSF_SEARCH_WORDS, false, &sizes);
    f24_rsf_put_eos_low(begun + F24_RSF_SOS, sizes.sseg - F24_RSF_SOS, 0);
    other = write_in_place(F24_RSF, true, MIB);
    check(put(&other, 0, 7) == F24_OK);
    for (int before = 0; before < 2; before++) { /* it was there, or comes while we write */
        if (before == 0)
            w = write_in_place(F24_RSF, true, MIB);
        check(f24_output_size(other.output, &size, NULL) == F24_OK);
        check(f24_output_write(other.output, size, begun, sizeof begun, NULL) == F24_OK);
        if (before == 1)
            w = write_in_place(F24_RSF, true, MIB);
        check(w.status == F24_OK && put(&w, 1, 5) == F24_OK && end_writing(&w) == F24_OK);
    }
    check(end_writing(&other) == F24_OK);
    check(holds_all(3));
}

/* --------------------------------------------------------------------------------- a full disk */

/* A session in which write n_th fails, and all after it when it is for long. False: it was not reached. */
static bool survives_failure(int n_th, bool parallel, bool for_long)
{
    writing w = write_new(F24_RSF);
    int64_t n = 10;
    int64_t n_undone =
        0; /* deletions that were refused: they are done when a disk takes nothing more */
    bool reached, refused = false, closed;
    found f;

    for (uint32_t i = 0; i < 10; i++)
        check(put(&w, i, 5) == F24_OK);
    check(end_writing(&w) == F24_OK);
    watch.n_calls = 0;
    watch.fail_at = n_th;
    watch.fail_for_long = for_long;
    w = write_in_place(F24_RSF, parallel, MIB);
    if (w.status != F24_OK) { /* nothing was begun; the mark may stay, when it cannot be cleared */
        watch.fail_at = 0;
        f = find_all();
        check(f.n == 10 && n_right(&f) == 10 && (for_long || f.n_warnings == 0));
        f24_close(f.file);
        return true;
    }
    for (uint32_t i = 0; i < 12; i++) {
        f24_status status = put(&w, 10 + i, i == 8 ? 270000 : 50 + 7 * i);
        n += status == F24_OK;
        refused |= status != F24_OK;
        if (i % 4 == 3)
            refused |= f24_store_flush(w.store, NULL) != F24_OK;
        if (i == 6 || i == 10) {
            status = f24_store_delete(w.store, i == 6 ? 3 : 11, NULL);
            n -= status == F24_OK;
            n_undone += status != F24_OK && for_long;
            refused |= status != F24_OK;
        }
    }
    closed = end_writing(&w) == F24_OK;
    reached = watch.n_calls >= n_th;
    watch.fail_at = 0;
    check(!reached || refused || !closed || !for_long); /* one failure may be got over */
    f = find_all();
    if (f.n < n - n_undone || f.n > n || n_right(&f) != f.n)
        (void)fprintf(stderr, "  failure %d: %lld records instead of %lld\n", n_th, (long long)f.n,
                      (long long)n);
    check(f.n >= n - n_undone && f.n <= n && n_right(&f) == f.n);
    check(!closed || f.n_warnings == 0);
    f24_close(f.file);
    return reached;
}

static void a_failed_write_loses_no_other_record(bool parallel, bool for_long)
{
    int n = 1;

    while (n < 300 && survives_failure(n, parallel, for_long))
        n++;
    check(n > 15 && n < 300);
}

/* A limit that leaves no room for what is reserved at first, and is met by the records later. */
static void a_limit_of_the_file_size_leaves_what_was_there(bool parallel)
{
    int exit_status = -1;
    writing w = write_new(F24_RSF);
    pid_t child;

    for (uint32_t i = 0; i < 20; i++)
        check(put(&w, i, 50) == F24_OK);
    check(end_writing(&w) == F24_OK);
    child = fork();
    if (child == 0) {
        const struct rlimit limit = {4 * MIB, 4 * MIB};
        int failed = n_failed;
        uint32_t n = 20;
        (void)signal(SIGXFSZ, SIG_IGN);
        check(setrlimit(RLIMIT_FSIZE, &limit) == 0);
        w = write_in_place(F24_RSF, parallel, 0);
        while (n < 5000 && put(&w, n, 1000) == F24_OK)
            n++;
        check(w.err.status == F24_EIO && w.err.sys_errno == EFBIG && n > 500 && n < 1100);
        check(f24_store_delete(w.store, 4, NULL) == F24_OK);
        check(end_writing(&w) == F24_OK);
        check(holds_all(n - 1));
        _exit(n_failed != failed);
    }
    check(child > 0 && waitpid(child, &exit_status, 0) == child && exit_status == 0);
}

int main(void)
{
    begin_files();
    for (int parallel = 0; parallel < 2; parallel++) {
        a_kill_at_any_write_leaves_every_whole_record(parallel);
        if (watch_works()) {
            a_failed_write_loses_no_other_record(parallel, false);
            a_failed_write_loses_no_other_record(parallel, true);
        }
        a_limit_of_the_file_size_leaves_what_was_there(parallel);
    }
    the_bare_start_of_a_dead_writer_stops_nobody();
    writers_killed_at_any_time_lose_one_record_each(1, 100);
    writers_killed_at_any_time_lose_one_record_each(WRITERS, 60);
    end_files();
    return report();
}
