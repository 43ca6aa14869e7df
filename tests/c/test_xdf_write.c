/* Writing XDF: what a reader finds, who is refused, and the files of the reference made again. */
#include "images.h"
#include "xdf_model.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

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

/* Add record 1 at byte `at`: zeros behind record 0 are allowed (2.8), so the file can be sparse. */
static f24_status add_at(uint64_t at, f24_error *err)
{
    uint8_t word[4];
    f24_status status;
    model m;
    session s;
    int fd;

    make_file(&m, 1, false);
    put_be32(word, (uint32_t)(at / 8));
    fd = open(path, O_WRONLY | O_CLOEXEC);
    check(ftruncate(fd, (off_t)at) == 0 && pwrite(fd, word, 4, 16) == 4 && close(fd) == 0);
    check(begin(&s, true, NULL) == F24_OK);
    status = add(s.store, 1, err);
    check(end(&s, NULL) == F24_OK);
    return status;
}

static void a_file_ends_below_8_gib(void)
{
    uint32_t words[MOST_WORDS];
    uint64_t n = F24_XDF_RECORD_HEAD + (4 * payload_of(1, words) + 7) / 8 * 8;
    uint64_t most = (UINT64_C(8) << 30) - 8;
    f24_error err = {0};

    check(add_at(most - n, NULL) == F24_OK);
    check(add_at(most - n + 8, &err) == F24_EENCODING);
    check(strstr(err.message, "8 GiB") != NULL && strstr(err.message, "RSF") != NULL);
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
    begin_files();
    every_number_of_records_is_read_back(false);
    every_number_of_records_is_read_back(true);
    a_file_in_place_ends_as_one_made_beside();
    any_history_of_sessions_is_read_back();
    readers_see_each_record_while_it_is_written();
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
    end_files();
    return report();
}
