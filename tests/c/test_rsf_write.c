/* Writing RSF: what is written is read back, alone and beside others. docs/format/containers.md, 3. */
#include "stores.h"

#include "container/rsf_parts.h"

#include <pthread.h>
#include <sys/wait.h>

#define MIB (1u << 20)

/* -------------------------------------------------------------------------- a file of its own */

static void a_new_file_is_one_compact_segment(void)
{
    writing w = write_new(F24_RSF);

    check(w.status == F24_OK && f24_store_little(w.store));
    for (uint32_t i = 0; i < 300; i++)
        check(put(&w, i, 1 + i % 7) == F24_OK);
    check(f24_store_flush(w.store, NULL) == F24_OK); /* nobody sees it: no segment of its own */
    check(put(&w, 300, 5) == F24_OK);
    check(file_bytes() == -1);
    check(end_writing(&w) == F24_OK);
    check(holds_all(301));
}

static void a_file_without_records_is_140_bytes(void)
{
    writing w = write_new(F24_RSF);

    check(end_writing(&w) == F24_OK);
    check(file_bytes() == F24_RSF_SEGMENT_MIN && holds_all(0));
}

static void in_place_an_exclusive_session_ends_as_a_new_file(void)
{
    static uint8_t one[1 << 16], two[1 << 16];
    size_t n_one = 0, n_two = 0;

    for (int in_place = 0; in_place < 2; in_place++) {
        writing w;
        FILE *file;
        (void)unlink(path);
        w = in_place ? write_in_place(F24_RSF, false, 0) : write_new(F24_RSF);
        for (uint32_t i = 0; i < 20; i++)
            check(put_json(&w, i, 3, i % 2 ? "{\"a\":1}" : NULL) == F24_OK);
        check(end_writing(&w) == F24_OK);
        file = fopen(path, "rb");
        check(file != NULL);
        *(in_place ? &n_two : &n_one) =
            file == NULL ? 0 : fread(in_place ? two : one, 1, sizeof one, file);
        if (file != NULL)
            (void)fclose(file);
    }
    check(n_one > 0 && n_one == n_two && memcmp(one, two, n_one) == 0);
}

/* ---------------------------------------------------------------------------------- in place */

static void opening_without_writing_leaves_the_file_as_it_was(void)
{
    writing w = write_new(F24_RSF);
    int64_t before;

    check(put(&w, 0, 4) == F24_OK && end_writing(&w) == F24_OK);
    before = file_bytes();
    for (int parallel = 0; parallel < 2; parallel++) {
        w = write_in_place(F24_RSF, parallel, 0);
        check(w.status == F24_OK && end_writing(&w) == F24_OK);
        check(file_bytes() == before && holds_all(1));
    }
}

static void sessions_and_flushes_add_segments(void)
{
    f24_file_info info;
    uint32_t n = 0;
    found f;

    (void)unlink(path);
    for (int session = 0; session < 3; session++) {
        writing w = write_in_place(F24_RSF, session == 1, MIB);
        check(w.status == F24_OK);
        for (int part = 0; part < 2; part++) {
            for (int i = 0; i < 5; i++)
                check(put(&w, n++, 6) == F24_OK);
            check(f24_store_flush(w.store, &w.err) == F24_OK);
            f = find_all(); /* what was flushed is in a directory */
            f24_get_file_info(f.file, &info);
            check(info.open_for_writing && f.n == n && n_right(&f) == n);
            f24_close(f.file);
        }
        check(end_writing(&w) == F24_OK);
        check(holds_all(n));
    }
    f = find_all();
    f24_get_file_info(f.file, &info);
    check(info.n_parts == 1 + 6 && !info.open_for_writing);
    f24_close(f.file);
}

static void a_file_ends_with_the_end_of_a_segment_at_any_time(void)
{
    writing w;
    uint8_t bytes[F24_RSF_EOS_HIGH];

    (void)unlink(path);
    w = write_in_place(F24_RSF, false, 0);
    for (uint32_t i = 0; i < 50; i++) {
        int64_t n = file_bytes();
        check(f24_output_read(w.output, (uint64_t)n - sizeof bytes, bytes, sizeof bytes, NULL) ==
              F24_OK);
        check(f24_rsf_is_eos_high(bytes));
        check(i % 10 == 9 ? f24_store_flush(w.store, NULL) == F24_OK : put(&w, i, 100) == F24_OK);
    }
    check(end_writing(&w) == F24_OK);
    check(holds_all(45));
}

static void records_of_an_open_segment_are_listed(void)
{
    writing w;
    found f;

    (void)unlink(path);
    w = write_in_place(F24_RSF, false, 0);
    for (uint32_t i = 0; i < 5; i++)
        check(put(&w, i, 100) == F24_OK);
    check(f24_store_delete(w.store, 2, NULL) == F24_OK);
    f = find_all();
    check(f.n == 4 && n_right(&f) == 4 && f.n_warnings == 1);
    f24_close(f.file);
    check(end_writing(&w) == F24_OK);
    check(holds_all(4));
}

static void a_record_larger_than_a_segment_gets_one_of_its_size(void)
{
    f24_file_info info;
    writing w;
    found f;

    (void)unlink(path);
    w = write_in_place(F24_RSF, true, MIB);
    check(put(&w, 0, 10) == F24_OK);
    check(put(&w, 1, MOST_VALUES) == F24_OK); /* 4 MiB */
    check(put(&w, 2, 10) == F24_OK);
    check(put(&w, 3, MOST_VALUES) == F24_OK);
    check(end_writing(&w) == F24_OK);
    check(holds_all(4));
    f = find_all();
    f24_get_file_info(f.file, &info);
    check(info.n_parts == 4);
    f24_close(f.file);
}

/* Sizes around what still fits: the end of each segment must find room behind the last record. */
static void segments_fill_up_without_a_gap(void)
{
    uint32_t n = 0;
    writing w;

    (void)unlink(path);
    for (uint32_t size = 87000; size < 87060; size += 4) {
        w = write_in_place(F24_RSF, size % 8 == 0, MIB);
        for (int i = 0; i < 7; i++)
            check(put_json(&w, n++, size + (uint32_t)(i * 37), "{}") == F24_OK);
        check(end_writing(&w) == F24_OK);
    }
    check(holds_all(n));
}

static void two_parallel_stores_leave_free_space_behind_the_first(void)
{
    writing a, b;
    found f;

    (void)unlink(path);
    a = write_in_place(F24_RSF, true, MIB);
    b = write_in_place(F24_RSF, true, MIB);
    check(a.status == F24_OK && b.status == F24_OK);
    for (uint32_t i = 0; i < 20; i++) {
        check(put(&a, i, 10) == F24_OK);
        check(put(&b, 100 + i, 10) == F24_OK);
    }
    f = find_all();
    check(f.n == 40 && n_right(&f) == 40);
    f24_close(f.file);
    check(end_writing(&a) == F24_OK);
    check(end_writing(&b) == F24_OK);
    check(holds_all(40) && file_bytes() < 2 * (int64_t)MIB + 10000);
    a = write_in_place(F24_RSF, false, MIB); /* behind free space */
    check(a.status == F24_OK && put(&a, 200, 10) == F24_OK && end_writing(&a) == F24_OK);
    check(holds_all(41));
}

/* ------------------------------------------------------------------------------- who may write */

static void an_exclusive_writer_excludes_all_others(void)
{
    writing a, b;
    char own[32];

    (void)unlink(path);
    (void)snprintf(own, sizeof own, "process %ld", (long)getpid());
    for (int first = 0; first < 2; first++) {
        for (int second = 0; second < 2; second++) {
            a = write_in_place(F24_RSF, first, MIB);
            b = write_in_place(F24_RSF, second, MIB);
            check(a.status == F24_OK);
            check(b.status == (first && second ? F24_OK : F24_ELOCKED));
            if (b.status == F24_OK)
                check(end_writing(&b) == F24_OK);
            else
                check(strstr(b.err.message, own) != NULL &&
                      strstr(b.err.message, first ? "1 parallel writer is" : "alone") != NULL);
            check(end_writing(&a) == F24_OK);
        }
    }
}

static void a_mark_that_a_dead_writer_left_is_told(void)
{
    const unsigned marks[] = {0xFFFF, 2, 1};
    writing w = write_new(F24_RSF);

    check(put(&w, 0, 4) == F24_OK && end_writing(&w) == F24_OK);
    for (size_t i = 0; i < 3; i++) {
        uint8_t bytes[2] = {(uint8_t)marks[i], (uint8_t)(marks[i] >> 8)};
        f24_output *output = NULL;
        check(f24_output_open(path, &output, NULL) == F24_OK);
        check(f24_output_write(output, 1, bytes, 2, NULL) == F24_OK);
        f24_output_release(output);
        w = write_in_place(F24_RSF, false, 0);
        check(w.status == F24_ELOCKED && strstr(w.err.message, "fst24 repair") != NULL);
        check(strstr(w.err.message, "none is seen") != NULL);
        w = write_in_place(F24_RSF, true, MIB);
        check(w.status == (marks[i] == 0xFFFF ? F24_ELOCKED : F24_OK));
        if (w.status == F24_OK) { /* the count stays what it was */
            check(put(&w, 1 + (uint32_t)i, 3) == F24_OK && end_writing(&w) == F24_OK);
            check(f24_output_open(path, &output, NULL) == F24_OK);
            check(f24_output_read(output, 1, bytes, 2, NULL) == F24_OK);
            check(bytes[0] == marks[i] && bytes[1] == 0);
            f24_output_release(output);
        }
    }
}

/* --------------------------------------------------------------------------- delete and edit */

static f24_status edit_ip1(writing *w, size_t slot, uint32_t ip1, const char *json)
{
    size_t n = 0;
    uint32_t keys[F24_KEY_WORDS];

    memcpy(keys, f24_store_slots(w->store, &n)[slot].keys, sizeof keys);
    keys[12] = ip1 << 4;
    return f24_store_edit(w->store, slot, keys, json, json == NULL ? 0 : strlen(json), &w->err);
}

static bool has_json(const found *f, int64_t index, const char *json)
{
    char text[64];
    size_t n = 0;

    return f24_read_json(f->file, index, text, sizeof text, &n, NULL) == F24_OK &&
           strcmp(text, json) == 0;
}

/* Delete 1 and 4, edit 0 and 3: before their segment is closed, after a flush, and in a later session. */
static void records_are_deleted_and_edited_wherever_they_are(void)
{
    for (int when = 0; when < 4; when++) {
        const f24_columns *c;
        writing w;
        found f;
        (void)unlink(path);
        w = when == 3 ? write_new(F24_RSF) : write_in_place(F24_RSF, false, 0);
        for (uint32_t i = 0; i < 5; i++)
            check(put_json(&w, i, 4, i == 0 ? "{\"abc\":1}" : NULL) == F24_OK);
        if (when == 1)
            check(f24_store_flush(w.store, NULL) == F24_OK);
        if (when == 2) {
            check(end_writing(&w) == F24_OK);
            w = write_in_place(F24_RSF, true, MIB);
        }
        check(f24_store_delete(w.store, 1, &w.err) == F24_OK);
        check(f24_store_delete(w.store, 4, &w.err) == F24_OK);
        check(f24_store_delete(w.store, 4, &w.err) == F24_ENOTFOUND);
        check(edit_ip1(&w, 0, 70, "{\"b\":2}") == F24_OK);
        check(edit_ip1(&w, 3, 73, NULL) == F24_OK);
        check(edit_ip1(&w, 0, 70, "{\"abc\":12345}") == F24_EENCODING);
        check(edit_ip1(&w, 3, 73, "{}") == F24_EENCODING);
        check(edit_ip1(&w, 1, 73, NULL) == F24_ENOTFOUND);
        check(put(&w, 5, 4) == F24_OK);
        check(end_writing(&w) == F24_OK);
        f = find_all();
        c = f24_table_columns(f24_file_table(f.file));
        check(f.n == 4 && f.n_warnings == 0);
        check(c->ip1[0] == 70 && c->ip1[1] == 2 && c->ip1[2] == 73 && c->ip1[3] == 5);
        check(c->file_index[1] == 2 && c->file_index[3] == 5);
        check(has_json(&f, 0, "{\"b\":2}"));
        f24_close(f.file);
    }
}

static void what_another_writer_changed_is_not_changed_again(void)
{
    writing a, b;

    (void)unlink(path);
    a = write_in_place(F24_RSF, true, MIB);
    check(put(&a, 0, 4) == F24_OK && put(&a, 1, 4) == F24_OK && end_writing(&a) == F24_OK);
    a = write_in_place(F24_RSF, true, MIB);
    b = write_in_place(F24_RSF, true, MIB);
    check(f24_store_delete(a.store, 0, NULL) == F24_OK && edit_ip1(&a, 1, 9, NULL) == F24_OK);
    check(f24_store_delete(b.store, 0, &b.err) == F24_ENOTFOUND);
    check(edit_ip1(&b, 1, 8, NULL) == F24_ECHANGED);
    check(f24_store_delete(b.store, 1, &b.err) == F24_ECHANGED);
    check(end_writing(&a) == F24_OK && end_writing(&b) == F24_OK);
}

/* -------------------------------------------------------------------------------------- limits */

static void extended_metadata_have_a_limit(void)
{
    enum { MOST = 262063 };
    static char text[MOST + 2];
    f24_addition a = addition(0, 4, true);
    writing w = write_new(F24_RSF);
    size_t slot, n = 0;
    found f;

    memset(text, 'x', MOST + 1);
    a.json = text;
    for (a.n_json = MOST + 1; a.n_json >= MOST - 5; a.n_json--)
        check(f24_store_add(w.store, &a, &slot, &w.err) ==
              (a.n_json > MOST ? F24_EENCODING : F24_OK));
    a.n_json = 4;
    text[2] = '\0';
    check(f24_store_check(w.store, &a, &w.err) == F24_EENCODING);
    text[2] = 'x';
    check(end_writing(&w) == F24_OK);
    f = find_all();
    check(f.n == 6 && f.n_warnings == 0 && n_right(&f) == 6);
    for (int64_t i = 0; i < f.n; i++) {
        check(f24_read_json(f.file, i, text, sizeof text, &n, NULL) == F24_OK);
        check(strlen(text) == (size_t)(MOST - i));
    }
    f24_close(f.file);
}

/* ------------------------------------------------------------------------------- damaged files */

static void put_file(const image *f, size_t n)
{
    FILE *file = fopen(path, "wb");

    check(file != NULL && fwrite(f->bytes, 1, n, file) == n);
    if (file != NULL)
        (void)fclose(file);
}

static void files_of_others_are_added_to(void)
{
    static image f;

    for (int parallel = 0; parallel < 2; parallel++) {
        writing w;
        rsf_two_sessions(&f);
        put_file(&f, f.n);
        w = write_in_place(F24_RSF, parallel, MIB);
        check(w.status == F24_OK);
        check(edit_ip1(&w, 3, 3, "{\"a\":2}") == F24_OK);
        check(f24_store_delete(w.store, 5, NULL) == F24_OK);
        check(end_writing(&w) == F24_OK);
        check(file_bytes() == (int64_t)f.n);
    }
}

static void a_damaged_file_is_refused_and_left_alone(void)
{
    static image whole, f;
    size_t n_refused = 0;

    rsf_two_sessions(&whole);
    for (size_t cut = 1; cut < whole.n; cut += cut < 160 ? 1 : 13) {
        writing w;
        if (cut == 140 || cut == whole.segment)
            continue; /* a whole file of fewer records */
        put_file(&whole, cut);
        w = write_in_place(F24_RSF, cut % 2, MIB);
        check(w.status != F24_OK && file_bytes() == (int64_t)cut);
    }
    /* Any bit of what tells where things are. */
    for (size_t at = 140; at < whole.n; at += 4) {
        f24_status status, with_others;
        writing w;
        found before;
        f = whole;
        f.bytes[at] ^= 0x40;
        put_file(&f, f.n);
        before = find_all();
        w = write_in_place(F24_RSF, false, MIB);
        status = w.status;
        if (status == F24_OK)
            check(before.n_warnings == 0 && end_writing(&w) == F24_OK);
        n_refused += status != F24_OK;
        f24_close(before.file);
        f.bytes[1] = 1; /* beside another writer: the strict walk alone */
        put_file(&f, f.n);
        w = write_in_place(F24_RSF, true, MIB);
        with_others = w.status;
        if (with_others == F24_OK)
            check(end_writing(&w) == F24_OK);
        check(status == F24_OK || with_others != F24_OK || at % 4 == 0);
    }
    check(n_refused > 60);
}

/* ----------------------------------------------------------------------------- many at a time */

enum { PROCESSES = 4, EACH = 60 };

static void one_process(uint32_t which)
{
    writing w = write_in_place(F24_RSF, true, MIB);
    bool good = w.status == F24_OK;

    for (uint32_t i = 0; i < EACH && good; i++)
        good = put(&w, which * EACH + i, 5000 + 100 * which) == F24_OK;
    good = good && end_writing(&w) == F24_OK;
    _exit(good ? 0 : 1);
}

static void several_processes_write_at_once(void)
{
    bool seen[PROCESSES * EACH] = {false};
    int n_good = 0;
    found f;

    (void)unlink(path);
    for (uint32_t i = 0; i < PROCESSES; i++) {
        if (fork() == 0)
            one_process(i);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = 1;
        (void)wait(&status);
        n_good += status == 0;
    }
    check(n_good == PROCESSES && holds_all(PROCESSES * EACH));
    f = find_all();
    for (int64_t i = 0; i < f.n; i++)
        seen[f24_table_columns(f24_file_table(f.file))->ip1[i]] = true;
    for (int i = 0; i < PROCESSES * EACH; i++)
        check(seen[i]);
    f24_close(f.file);
}

/* ------------------------------------------------------------------- files of the reference */

static f24_status copy_record(writing *w, const f24_file *from, int64_t index)
{
    static uint8_t stored[1 << 20];
    f24_addition a = {0};
    f24_stored parsed;
    f24_record r;
    size_t slot;

    F24_TRY(f24_get_record(from, index, &r, NULL));
    F24_TRY(f24_read_stored(from, index, stored, (size_t)r.n_bytes, NULL));
    F24_TRY(f24_stored_parse(stored, (size_t)r.n_bytes, &parsed, NULL));
    for (size_t i = 0; i < F24_KEY_WORDS; i++)
        a.keys[i] = le32(stored + parsed.keys + 4 * i);
    a.payload = stored + parsed.payload;
    a.n_payload = parsed.n_bytes;
    a.json = (const char *)stored + parsed.json;
    a.n_json = parsed.n_json_bytes > 0 ? strlen(a.json) : 0;
    return f24_store_add(w->store, &a, &slot, &w->err);
}

/* The same bytes but for the start marks' count of unused bits, which the reference leaves undefined. */
static bool same_file(const char *golden)
{
    static uint8_t one[1 << 23], two[1 << 23];
    FILE *a = fopen(golden, "rb"), *b = fopen(path, "rb");
    size_t n_one = a == NULL ? 0 : fread(one, 1, sizeof one, a);
    size_t n_two = b == NULL ? 1 : fread(two, 1, sizeof two, b);

    if (a != NULL)
        (void)fclose(a);
    if (b != NULL)
        (void)fclose(b);
    if (n_one != n_two || n_one == sizeof one)
        return false;
    for (size_t at = 212; at + 16 <= n_one;) {
        f24_rsf_mark mark = f24_rsf_start_at(one + at);
        if (mark.type != F24_RSF_DATA || mark.n_bytes < F24_RSF_FRAME)
            break;
        one[at + 14] = 0;
        at += mark.n_bytes;
    }
    return memcmp(one, two, n_one) == 0;
}

/* Golden files of one exclusive session without deletions, written again from their records. */
static void files_of_the_reference_are_written_again_byte_for_byte(int n, char **golden)
{
    int n_same = 0;

    for (int i = 0; i < n; i++) {
        f24_file *file = NULL;
        f24_file_info info;
        writing w;
        bool same = true;
        check(f24_open(golden[i], NULL, &file, NULL) == F24_OK);
        if (file == NULL)
            continue;
        f24_get_file_info(file, &info);
        if (info.backend == F24_RSF && info.n_parts <= 2 && info.n_deleted == 0) {
            w = write_new(F24_RSF);
            for (int64_t k = 0; k < info.n_records; k++)
                same &= copy_record(&w, file, k) == F24_OK;
            check(end_writing(&w) == F24_OK);
            same &= same_file(golden[i]);
            if (!same)
                (void)fprintf(stderr, "  differs: %s\n", golden[i]);
            check(same);
            n_same += same;
        }
        f24_close(file);
    }
    (void)printf("%d files of the reference, byte for byte\n", n_same);
    check(n == 0 || n_same > 0);
}

int main(int argc, char **argv)
{
    begin_files();
    a_new_file_is_one_compact_segment();
    a_file_without_records_is_140_bytes();
    in_place_an_exclusive_session_ends_as_a_new_file();
    opening_without_writing_leaves_the_file_as_it_was();
    sessions_and_flushes_add_segments();
    a_file_ends_with_the_end_of_a_segment_at_any_time();
    records_of_an_open_segment_are_listed();
    a_record_larger_than_a_segment_gets_one_of_its_size();
    segments_fill_up_without_a_gap();
    two_parallel_stores_leave_free_space_behind_the_first();
    an_exclusive_writer_excludes_all_others();
    a_mark_that_a_dead_writer_left_is_told();
    records_are_deleted_and_edited_wherever_they_are();
    what_another_writer_changed_is_not_changed_again();
    extended_metadata_have_a_limit();
    files_of_others_are_added_to();
    a_damaged_file_is_refused_and_left_alone();
    several_processes_write_at_once();
    files_of_the_reference_are_written_again_byte_for_byte(argc - 1, argv + 1);
    end_files();
    return report();
}
