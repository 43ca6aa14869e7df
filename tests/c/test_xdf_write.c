/* Writing XDF: what a reader finds, at the end and at every moment before it. */
#include "container/store.h"

#include "base/bytes.h"
#include "container/parts.h"
#include "harness.h"
#include "images.h"
#include "opened.h"
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/f24_xdf_write_XXXXXX";
static char path[96];

/* ------------------------------------------------------------------------------- whole files --- */

typedef struct bytes {
    uint8_t *at;
    size_t n;
} bytes;

static bytes read_file(const char *name)
{
    bytes b = {NULL, 0};
    struct stat status;
    int fd = open(name, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &status) != 0)
        return b;
    b.at = malloc((size_t)status.st_size + 1);
    if (b.at != NULL && read(fd, b.at, (size_t)status.st_size) == status.st_size)
        b.n = (size_t)status.st_size;
    (void)close(fd);
    return b;
}

static void write_file(const void *at, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    check(fd >= 0 && write(fd, at, n) == (ssize_t)n && close(fd) == 0);
}

static bool same_bytes(bytes a, bytes b)
{
    return a.n == b.n && memcmp(a.at, b.at, a.n) == 0;
}

/* ------------------------------------------------------------------------------------ records --- */

/* What a file should hold: slot i was made from seed i, edited so many times, and is live or not. */
#define MOST 1400
typedef struct model {
    size_t n;
    uint8_t live[MOST];
    uint8_t edits[MOST];
} model;

static uint32_t mixed(uint32_t x)
{
    x = (x ^ x >> 16) * 0x7feb352du;
    x = (x ^ x >> 15) * 0x846ca68bu;
    return x ^ x >> 16;
}

/* Float32 fields of up to 7 x 9 values (now and then of 40 x 110), all other bits of the keys by chance. */
static void keys_of(size_t seed, unsigned edits, uint32_t keys[16])
{
    uint32_t s = (uint32_t)seed, ni = mixed(s) % 7 + 1, nj = mixed(s + 77) % 9 + 1;

    if (s % 97 == 5) {
        ni = 40;
        nj = 110;
    }
    for (uint32_t k = 0; k < 16; k++)
        keys[k] = mixed(s * 16 + k + edits * 100003u);
    keys[0] = (keys[0] & ~0xFFu) | 32;
    keys[1] = (keys[1] & 0xFFu) | ni << 8;
    keys[2] = nj << 8 | 5;
    keys[3] = 1u << 12;
    keys[4] &= ~0x3Fu;
    keys[8] &= ~3u;
    keys[9] &= ~3u;
    keys[10] &= ~0xFFu;
    keys[11] = (keys[11] & ~0xFFu) | 32;
    for (size_t k = 12; k < 15; k++)
        keys[k] &= ~0xFu;
}

#define MOST_WORDS (40 * 110 + 2)

static size_t payload_of(size_t seed, uint32_t words[MOST_WORDS])
{
    uint32_t keys[16];
    size_t n;

    keys_of(seed, 0, keys);
    n = (size_t)(keys[1] >> 8) * (keys[2] >> 8);
    for (size_t i = 0; i < n; i++)
        words[i] = mixed((uint32_t)(seed * 5003 + i));
    return n;
}

static f24_status add(f24_store *store, size_t seed, f24_error *err)
{
    uint32_t words[MOST_WORDS];
    f24_addition record = {.payload = words, .n_payload = 4 * payload_of(seed, words)};
    size_t slot = SIZE_MAX;
    f24_status status;

    keys_of(seed, 0, record.keys);
    status = f24_store_add(store, &record, &slot, err);
    if (status == F24_OK)
        check(slot == seed);
    return status;
}

static f24_status edit(f24_store *store, size_t slot, unsigned edits, f24_error *err)
{
    uint32_t keys[16];

    keys_of(slot, edits, keys);
    return f24_store_edit(store, slot, keys, NULL, 0, err);
}

/* Whether record i of the table is slot `slot` as the model has it. */
static bool is_record(const opened *o, int64_t i, size_t slot, unsigned edits, bytes file)
{
    uint32_t keys[16], words[MOST_WORDS];
    uint64_t at = o->columns->offset[i], n = 4 * payload_of(slot, words);
    uint8_t raw[64];
    f24_record got, expected = {0};

    if (at + F24_XDF_RECORD_HEAD + n > file.n || o->columns->flags[i] != 0 ||
        o->columns->n_bytes[i] != F24_XDF_RECORD_HEAD + (n + 7) / 8 * 8)
        return false;
    for (size_t k = 0; k < n / 4; k++) {
        if (f24_native32(file.at + at + F24_XDF_RECORD_HEAD + 4 * k) != words[k])
            return false;
    }
    keys_of(slot, edits, keys);
    for (size_t k = 0; k < 16; k++)
        put_be32(raw + 4 * k, keys[k]);
    if (f24_get_record(o->file, i, &got, NULL) != F24_OK)
        return false;
    f24_keys_decode(raw, false, &expected);
    return got.datev == expected.datev && got.ip1 == expected.ip1 && got.ip2 == expected.ip2 &&
           got.ip3 == expected.ip3 && got.ig1 == expected.ig1 && got.ig2 == expected.ig2 &&
           got.ig3 == expected.ig3 && got.ig4 == expected.ig4 && got.deet == expected.deet &&
           got.npas == expected.npas && strcmp(got.nomvar, expected.nomvar) == 0 &&
           strcmp(got.typvar, expected.typvar) == 0 && strcmp(got.etiket, expected.etiket) == 0 &&
           got.grtyp[0] == expected.grtyp[0];
}

/* Whether the reader finds in these bytes what the model says; `whole`: without any warning. */
static bool holds_model(bytes file, const model *m, bool whole)
{
    opened o = open_image(file.at, file.n);
    bool so = o.status == F24_OK && (!whole || o.n_warnings == 0);
    int64_t i = 0;

    for (size_t slot = 0; so && slot < m->n; slot++) {
        if (m->live[slot] != 0) {
            so = i < o.n && o.columns->file_index[i] == (int32_t)slot &&
                 is_record(&o, i, slot, m->edits[slot], file);
            i++;
        }
    }
    so = so && i == o.n;
    if (o.status == F24_OK)
        f24_close(o.file);
    return so;
}

static bool file_holds(const model *m, bool whole)
{
    bytes file = read_file(path);
    bool so = holds_model(file, m, whole);

    free(file.at);
    return so;
}

/* ---------------------------------------------------------------------------------- sessions --- */

typedef struct session {
    f24_output *output;
    f24_store *store;
} session;

static f24_status begin(session *s, bool in_place, f24_error *err)
{
    const f24_store_options options = {.backend = F24_XDF};
    f24_status status = in_place ? f24_output_open(path, &s->output, err)
                                 : f24_output_create(path, false, &s->output, err);

    s->store = NULL;
    if (status != F24_OK)
        return status;
    status = f24_store_open(s->output, &options, &s->store, err);
    if (status != F24_OK)
        f24_output_release(s->output);
    return status;
}

static f24_status end(session *s, f24_error *err)
{
    f24_status status = f24_store_close(s->store, err);

    if (status == F24_OK && !f24_output_in_place(s->output))
        status = f24_output_publish(s->output, false, err);
    f24_output_release(s->output);
    return status;
}

/* Without a session only the model changes. */
static void add_to(session *s, model *m)
{
    check(s == NULL || add(s->store, m->n, NULL) == F24_OK);
    m->live[m->n] = 1;
    m->edits[m->n++] = 0;
}

static void make_file(model *m, size_t n, bool in_place)
{
    session s;

    *m = (model){0};
    (void)unlink(path);
    check(begin(&s, in_place, NULL) == F24_OK);
    while (m->n < n)
        add_to(&s, m);
    check(end(&s, NULL) == F24_OK);
}

static void every_number_of_records_is_read_back(bool in_place)
{
    const size_t numbers[] = {0, 1, 2, 255, 256, 257, 511, 512, 513};
    model m;

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        make_file(&m, numbers[i], in_place);
        check(file_holds(&m, true));
    }
}

static void a_file_in_place_ends_as_one_made_beside(void)
{
    model m;
    bytes beside, in_place;

    make_file(&m, 300, false);
    beside = read_file(path);
    make_file(&m, 300, true);
    in_place = read_file(path);
    check(beside.n > 0 && same_bytes(beside, in_place));
    free(beside.at);
    free(in_place.at);
}

/* One operation by chance: mostly additions. Without a session only the model changes. */
static void do_something(session *s, model *m, uint32_t *chance)
{
    uint32_t what = mixed((*chance)++) % 10;
    size_t slot = m->n > 0 ? mixed((*chance)++) % m->n : 0;

    if (what < 6 || m->n == 0) {
        if (m->n < MOST)
            add_to(s, m);
    } else if (m->live[slot] == 0) {
        check(s == NULL || f24_store_delete(s->store, slot, NULL) == F24_ENOTFOUND);
    } else if (what < 8) {
        check(s == NULL || f24_store_delete(s->store, slot, NULL) == F24_OK);
        m->live[slot] = 0;
    } else if (what < 9) {
        m->edits[slot]++;
        check(s == NULL || edit(s->store, slot, m->edits[slot], NULL) == F24_OK);
    } else {
        check(s == NULL || f24_store_flush(s->store, NULL) == F24_OK);
    }
}

static void any_history_of_sessions_is_read_back(void)
{
    model m = {0};
    uint32_t chance = 1;
    const f24_slot *slots;
    size_t n_slots;
    session s;

    (void)unlink(path);
    for (int i = 0; i < 12; i++) {
        int n = (int)(mixed(chance++) % 180);
        check(begin(&s, i > 0, NULL) == F24_OK);
        while (n-- > 0)
            do_something(&s, &m, &chance);
        slots = f24_store_slots(s.store, &n_slots);
        check(n_slots == m.n);
        for (size_t k = 0; k < n_slots; k++)
            check(slots[k].live == (m.live[k] != 0));
        check(end(&s, NULL) == F24_OK);
        check(file_holds(&m, true));
    }
    check(m.n > 600);
}

static void readers_see_each_record_while_it_is_written(void)
{
    model m = {0};
    session s;

    (void)unlink(path);
    check(begin(&s, true, NULL) == F24_OK);
    while (m.n < 260) {
        add_to(&s, &m);
        if (m.n % 16 == 0 || m.n > 254)
            check(file_holds(&m, false));
    }
    check(end(&s, NULL) == F24_OK);
}

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

/* ------------------------------------------------------------------------------- refused files --- */

static f24_status refused(const char *why)
{
    bytes before = read_file(path), after;
    f24_error err = {0};
    session s;
    f24_status status = begin(&s, true, &err);

    after = read_file(path);
    check(status != F24_OK && same_bytes(before, after));
    if (status == F24_OK)
        (void)end(&s, NULL);
    else if (strstr(err.message, why) == NULL) {
        (void)fprintf(stderr, "%s\n", err.message);
        check(false);
    }
    free(before.at);
    free(after.at);
    return status;
}

static void a_second_writer_is_refused(void)
{
    model m;
    session s;

    make_file(&m, 3, false);
    check(begin(&s, true, NULL) == F24_OK);
    check(refused("this one") == F24_ELOCKED);
    add_to(&s, &m);
    check(end(&s, NULL) == F24_OK);
    check(file_holds(&m, true));
    check(begin(&s, true, NULL) == F24_OK);
    check(end(&s, NULL) == F24_OK);
}

/* A process that began to write, and waits to be killed. */
static pid_t start_writer(void)
{
    int ends[2];
    char byte = 0;
    session s;
    pid_t child;

    check(pipe(ends) == 0);
    child = fork();
    if (child == 0) {
        if (begin(&s, true, NULL) == F24_OK)
            (void)!write(ends[1], &byte, 1);
        (void)close(ends[1]);
        for (;;)
            (void)pause();
    }
    (void)close(ends[1]);
    check(child > 0 && read(ends[0], &byte, 1) == 1);
    (void)close(ends[0]);
    return child;
}

static void the_process_that_writes_is_named(void)
{
    char name[32];
    model m;
    pid_t writer;
    int fd;

    make_file(&m, 3, false);
    writer = start_writer();
    (void)snprintf(name, sizeof name, "process %ld writes", (long)writer);
    check(refused(name) == F24_ELOCKED);
    check(file_holds(&m, false));
    check(kill(writer, SIGKILL) == 0 && waitpid(writer, NULL, 0) == writer);
    check(refused("fst24 repair") == F24_ELOCKED);
    fd = open(path, O_RDWR | O_CLOEXEC); /* as librmn has it: without a lock */
    check(refused("has it open for writing") == F24_ELOCKED);
    check(close(fd) == 0);
}

/* Without the powers of root, which writes anywhere. */
static void a_file_that_is_read_only_is_refused(void)
{
    int exit_status = -1;
    model m;
    pid_t child;

    make_file(&m, 3, false);
    check(chmod(path, 0444) == 0 && chmod(directory, 0755) == 0);
    child = fork();
    if (child == 0) {
        f24_error err = {0};
        session s;
        bool so = geteuid() != 0 || setuid(65534) == 0;
        so = so && begin(&s, true, &err) == F24_EIO && err.sys_errno == EACCES;
        _exit(so ? 0 : 1);
    }
    check(child > 0 && waitpid(child, &exit_status, 0) == child && exit_status == 0);
    check(file_holds(&m, true));
}

static void what_a_dead_writer_left_is_not_added_to(void)
{
    model m;
    session s;

    make_file(&m, 3, false);
    check(begin(&s, true, NULL) == F24_OK);
    add_to(&s, &m);
    f24_store_discard(s.store);
    f24_output_release(s.output);
    check(file_holds(&m, false));
    check(refused("fst24 repair") == F24_ELOCKED);
}

static void a_damaged_file_is_not_added_to(void)
{
    static const uint8_t nothing[8];
    static image f;
    model m;

    xdf_two_pages(&f);
    f.bytes[f.page + 60] ^= 1;
    write_file(f.bytes, f.n);
    check(refused("checksum") == F24_ECORRUPT);
    xdf_two_pages(&f);
    put_be(&f, f.page + 16, unit_of(208));
    xdf_checksum(&f, f.page);
    write_file(f.bytes, f.n);
    check(refused("loop") == F24_ECORRUPT);
    make_file(&m, 3, false);
    check(truncate(path, 18672 + 80) == 0);
    check(refused("cut") == F24_ETRUNCATED);
    make_file(&m, 3, false);
    {
        int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
        check(write(fd, nothing, 8) == 8 && close(fd) == 0);
    }
    check(refused("header says") == F24_ECORRUPT);
    xdf_sequential(&f);
    write_file(f.bytes, f.n);
    check(refused("fst24 cp") == F24_EUNSUPPORTED);
    xdf_two_pages(&f);
    put_be(&f, 0, 25); /* page 0 is not behind such a header */
    write_file(f.bytes, f.n);
    (void)refused("");
    write_file("no standard file", 16);
    check(refused("text") == F24_ENOTFST);
}

/* Pages that are not full, in the middle: numbers go on at the next multiple of 256. */
static void slots_are_numbered_as_the_reader_does(void)
{
    static image f;
    const f24_slot *slots;
    size_t n;
    session s;
    opened o;
    bytes file;

    xdf_two_pages(&f);
    write_file(f.bytes, f.n);
    check(begin(&s, true, NULL) == F24_OK);
    slots = f24_store_slots(s.store, &n);
    check(n == 259 && slots[2].live && !slots[3].live && !slots[255].live && slots[256].live);
    check(f24_store_delete(s.store, 257, NULL) == F24_OK);
    check(f24_store_delete(s.store, 3, NULL) == F24_ENOTFOUND);
    check(end(&s, NULL) == F24_OK);
    file = read_file(path);
    o = open_image(file.at, file.n);
    check(o.n == 5 && o.n_warnings == 0 && o.columns->file_index[3] == 256 &&
          o.columns->file_index[4] == 258);
    f24_close(o.file);
    free(file.at);
}

/* An entry that leads to the header: a delete must not write there. */
static void a_record_that_is_elsewhere_is_not_deleted(void)
{
    static image f;
    f24_error err;
    session s;
    bytes file;

    xdf_begin(&f, "STDR");
    xdf_page(&f);
    xdf_add(&f, 0);
    put_be(&f, f.page + 36, 1);
    xdf_end(&f);
    write_file(f.bytes, f.n);
    check(begin(&s, true, NULL) == F24_OK);
    check(f24_store_delete(s.store, 0, &err) == F24_ECORRUPT);
    check(end(&s, NULL) == F24_OK);
    file = read_file(path);
    put_be(&f, 32, unit_of(208)); /* what the maker of the image leaves out */
    put_be(&f, 52, 1);
    check(file.n == f.n && memcmp(file.at + 64, f.bytes + 64, f.n - 64) == 0);
    free(file.at);
}

/* ------------------------------------------------------------------------------------- limits --- */

static bool is_refused(session *s, const f24_addition *record, const char *why)
{
    f24_error err = {0};

    return f24_store_check(s->store, record, &err) == F24_EENCODING &&
           strstr(err.message, why) != NULL && strstr(err.message, "write an RSF file") != NULL;
}

static void what_xdf_cannot_keep_is_refused(void)
{
    static const uint32_t values[2];
    f24_addition record = {.payload = values, .n_payload = 8}, plain;
    size_t slot;
    session s;

    (void)unlink(path);
    check(begin(&s, false, NULL) == F24_OK);
    make_keys(0, record.keys);
    plain = record;
    check(f24_store_check(s.store, &record, NULL) == F24_OK);
    record.json = "{}";
    record.n_json = 2;
    check(is_refused(&s, &record, "JSON"));
    record = plain;
    record.keys[10] |= 1;
    check(is_refused(&s, &record, "16777215"));
    record = plain;
    record.keys[13] |= 1;
    check(is_refused(&s, &record, "16777215"));
    record = plain;
    record.n_payload = 134217604;
    check(is_refused(&s, &record, "134217600"));
    record.n_payload = 134217600;
    check(f24_store_check(s.store, &record, NULL) == F24_OK);
    record = plain;
    record.keys[0] = (record.keys[0] & ~0xFFu) | 64;
    record.keys[2] = (record.keys[2] & ~0xFFu) | 4;
    check(is_refused(&s, &record, "64 bits"));
    check(f24_store_add(s.store, &record, &slot, NULL) == F24_EENCODING);
    f24_store_discard(s.store);
    f24_output_release(s.output);
}

static void the_last_entry_is_the_262144th(void)
{
    static const uint32_t values[2];
    f24_addition record = {.payload = values, .n_payload = 8};
    f24_error err = {0};
    f24_status status = F24_OK;
    size_t slot = 0, n = 0;
    session s;
    bytes file;
    opened o;

    (void)unlink(path);
    make_keys(0, record.keys);
    check(begin(&s, false, NULL) == F24_OK);
    while (status == F24_OK && n < 300000) {
        status = f24_store_add(s.store, &record, &slot, &err);
        n += status == F24_OK;
    }
    check(n == 262144 && status == F24_EENCODING && strstr(err.message, "RSF") != NULL);
    check(end(&s, NULL) == F24_OK);
    file = read_file(path);
    o = open_image(file.at, file.n);
    check(o.n == 262144 && o.n_warnings == 0);
    f24_close(o.file);
    free(file.at);
    check(begin(&s, true, NULL) == F24_OK);
    check(f24_store_add(s.store, &record, &slot, NULL) == F24_EENCODING);
    check(f24_store_delete(s.store, 262143, NULL) == F24_OK);
    check(f24_store_add(s.store, &record, &slot, NULL) == F24_EENCODING);
    check(end(&s, NULL) == F24_OK);
}

/* Zeros behind the last record are allowed (2.8), so a sparse file can be nearly full. */
static void a_file_ends_below_8_gib(void)
{
    const uint64_t size = (UINT64_C(8) << 30) - 8;
    f24_error err = {0};
    uint8_t word[4];
    f24_store *store;
    model m;
    session s;
    int fd;

    make_file(&m, 1, false);
    put_be32(word, (uint32_t)((size - 400) / 8));
    fd = open(path, O_WRONLY | O_CLOEXEC);
    check(ftruncate(fd, (off_t)size - 400) == 0 && pwrite(fd, word, 4, 16) == 4);
    check(close(fd) == 0);
    check(begin(&s, true, NULL) == F24_OK);
    store = s.store;
    check(add(store, 1, NULL) == F24_OK); /* 80 + 4 x 63 bytes at most, as sizes are */
    check(add(store, 2, NULL) == F24_OK || true);
    check(add(store, 5, &err) == F24_EENCODING && strstr(err.message, "8 GiB") != NULL);
    check(end(&s, NULL) == F24_OK);
    check(unlink(path) == 0);
}

/* -------------------------------------------------------------------- the reference's own files --- */

/* Bytes of pages that the reference leaves to chance (2.3), and the checksum over them. */
static void forget_chance(bytes file)
{
    for (uint64_t at = 208; at != 0 && at + F24_XDF_PAGE <= file.n;) {
        uint32_t next = be32(file.at + at + 16);
        put_be32(file.at + at + 24, be32(file.at + at + 24) ^ be32(file.at + at + 28));
        put_be32(file.at + at + 28, 0);
        at = next != 0 ? f24_xdf_offset(next) : 0;
    }
}

/* Write the records of a file anew, in one session. */
static void rewrite(bytes file, session *s)
{
    size_t n = 0;

    for (uint64_t at = 208; at != 0;) {
        uint32_t n_entries = be32(file.at + at + 20), next = be32(file.at + at + 16);
        for (uint32_t i = 0; i < n_entries; i++, n++) {
            const uint8_t *entry = file.at + at + 32 + (size_t)i * 72;
            f24_xdf_head head = f24_xdf_head_at(entry);
            f24_addition record = {
                .payload = file.at + f24_xdf_offset(head.address) + 80,
                .n_payload = (uint64_t)head.n_units * 8 - 80,
            };
            size_t slot;
            for (size_t k = 0; k < 16; k++)
                record.keys[k] = be32(entry + 8 + 4 * k);
            check(f24_store_add(s->store, &record, &slot, NULL) == F24_OK && slot == n);
            if (!f24_xdf_is_live(head.idtyp))
                check(f24_store_delete(s->store, slot, NULL) == F24_OK);
        }
        at = next != 0 ? f24_xdf_offset(next) : 0;
    }
}

static void a_file_of_the_reference_is_made_again(const char *name)
{
    bytes theirs = read_file(name), ours;
    session s;

    check(theirs.n > 0);
    (void)unlink(path);
    check(begin(&s, false, NULL) == F24_OK);
    rewrite(theirs, &s);
    check(end(&s, NULL) == F24_OK);
    ours = read_file(path);
    forget_chance(theirs);
    forget_chance(ours);
    if (!same_bytes(theirs, ours)) {
        size_t at = 0;
        while (at < ours.n && at < theirs.n && ours.at[at] == theirs.at[at])
            at++;
        (void)fprintf(stderr, "%s: differs from byte %zu of %zu (ours has %zu)\n", name, at,
                      theirs.n, ours.n);
        check(false);
    }
    free(theirs.at);
    free(ours.at);
}

/* A session that changes nothing leaves the file as it was; one that adds, adds to it. */
static void a_file_of_the_reference_is_added_to(const char *name)
{
    bytes theirs = read_file(name), ours;
    opened before, after;
    session s;
    size_t n_slots;

    write_file(theirs.at, theirs.n);
    check(begin(&s, true, NULL) == F24_OK);
    check(end(&s, NULL) == F24_OK);
    ours = read_file(path);
    check(same_bytes(theirs, ours));
    free(ours.at);
    before = open_image(theirs.at, theirs.n);
    check(begin(&s, true, NULL) == F24_OK);
    (void)f24_store_slots(s.store, &n_slots);
    for (size_t i = 0; i < 300; i++) {
        static const uint32_t values[6];
        f24_addition record = {.payload = values, .n_payload = 24};
        size_t slot;
        make_keys((uint32_t)i, record.keys);
        check(f24_store_add(s.store, &record, &slot, NULL) == F24_OK && slot == n_slots + i);
    }
    check(end(&s, NULL) == F24_OK);
    ours = read_file(path);
    after = open_image(ours.at, ours.n);
    check(after.n == before.n + 300 && after.n_warnings == 0 && n_readable(&after) == after.n);
    f24_close(before.file);
    f24_close(after.file);
    free(theirs.at);
    free(ours.at);
}

int main(int n_arguments, char **arguments)
{
    check(mkdtemp(directory) != NULL);
    (void)snprintf(path, sizeof path, "%s/file.fst", directory);
    every_number_of_records_is_read_back(false);
    every_number_of_records_is_read_back(true);
    a_file_in_place_ends_as_one_made_beside();
    any_history_of_sessions_is_read_back();
    readers_see_each_record_while_it_is_written();
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
    a_second_writer_is_refused();
    the_process_that_writes_is_named();
    a_file_that_is_read_only_is_refused();
    what_a_dead_writer_left_is_not_added_to();
    a_damaged_file_is_not_added_to();
    slots_are_numbered_as_the_reader_does();
    a_record_that_is_elsewhere_is_not_deleted();
    what_xdf_cannot_keep_is_refused();
    the_last_entry_is_the_262144th();
    a_file_ends_below_8_gib();
    for (int i = 1; i < n_arguments; i++) {
        a_file_of_the_reference_is_made_again(arguments[i]);
        a_file_of_the_reference_is_added_to(arguments[i]);
    }
    (void)unlink(path);
    check(rmdir(directory) == 0);
    return report();
}
