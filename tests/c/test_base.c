/* Sources, descriptors and work memory. */
#include "harness.h"

#include "base/bytes.h"
#include "base/descriptor.h"
#include "base/scratch.h"
#include "base/source.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_FILES 40

static char directory[] = "fst24-test-XXXXXX";

static void path_of(char *path, size_t n, int i)
{
    (void)snprintf(path, n, "%s/%d", directory, i);
}

static void write_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");

    check(f != NULL && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
}

static void loads_give_the_value_of_either_order(void)
{
    const uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};

    check(be32(bytes) == 0x01020304u && le32(bytes) == 0x04030201u);
    check(be64(bytes) == UINT64_C(0x0102030405060708));
    check(f24_word_pair(bytes, true) == UINT64_C(0x0403020108070605));
}

static void a_read_past_the_end_is_refused(void)
{
    uint8_t buffer[4];
    f24_source *source = NULL;
    f24_error err;

    check(f24_source_open_memory("abcdef", 6, &source, NULL) == F24_OK);
    check(f24_source_read(source, 2, buffer, 4, &err) == F24_OK && memcmp(buffer, "cdef", 4) == 0);
    check(f24_source_read(source, 3, buffer, 4, &err) == F24_ETRUNCATED && err.offset == 3);
    check(f24_source_read(source, UINT64_MAX, buffer, 4, &err) == F24_ETRUNCATED);
    check(f24_source_borrow(source, 3, 4) == NULL && f24_source_borrow(source, 2, 4) != NULL);
    f24_source_release(source);
}

static void a_directory_and_a_missing_file_are_errors_of_the_system(void)
{
    f24_source *source = NULL;
    f24_error err;

    check(f24_source_open_path(directory, NULL, &source, &err) == F24_EIO &&
          err.sys_errno == EISDIR);
    check(f24_source_open_path("/nowhere/at/all", NULL, &source, &err) == F24_EIO &&
          err.sys_errno == ENOENT);
    check(strstr(err.message, strerror(ENOENT)) != NULL);
}

static void a_pipe_is_refused_without_waiting(void)
{
    char path[64];
    f24_source *source = NULL;
    f24_error err;

    path_of(path, sizeof path, 1000);
    check(mkfifo(path, 0600) == 0);
    check(f24_source_open_path(path, NULL, &source, &err) == F24_EINVAL);
    check(unlink(path) == 0);
}

static void a_file_cut_short_after_opening_gives_an_error(uint64_t mmap_from)
{
    f24_options options = F24_OPTIONS_INIT;
    f24_source *source = NULL;
    uint8_t buffer[4];
    char path[64];
    f24_error err;

    options.mmap_from = mmap_from;
    path_of(path, sizeof path, 1001);
    write_file(path, "12345678", 8);
    check(f24_source_open_path(path, &options, &source, NULL) == F24_OK);
    check(truncate(path, 2) == 0);
    check(f24_source_read(source, 4, buffer, 4, &err) == F24_ETRUNCATED);
    f24_source_release(source);
    check(unlink(path) == 0);
}

typedef struct job {
    f24_source **sources;
    unsigned seed;
    int n_wrong;
} job;

static void *read_at_random(void *argument)
{
    job *j = argument;

    for (int n = 0; n < 2000; n++) {
        int i = rand_r(&j->seed) % N_FILES;
        int value = -1;
        if (f24_source_read(j->sources[i], 0, &value, sizeof value, NULL) != F24_OK || value != i)
            j->n_wrong++;
    }
    return NULL;
}

static void a_pool_serves_more_files_than_it_opens(void)
{
    f24_source *sources[N_FILES] = {NULL};
    f24_options options = F24_OPTIONS_INIT;
    pthread_t threads[4];
    job jobs[4];
    char path[64];

    check(f24_pool_open(3, &options.pool, NULL) == F24_OK);
    for (int i = 0; i < N_FILES; i++) {
        path_of(path, sizeof path, i);
        write_file(path, &i, sizeof i);
        check(f24_source_open_path(path, &options, &sources[i], NULL) == F24_OK);
        check(f24_pool_open_count(options.pool) <= 3);
    }
    for (unsigned t = 0; t < 4; t++) {
        jobs[t] = (job){sources, t, 0};
        check(pthread_create(&threads[t], NULL, read_at_random, &jobs[t]) == 0);
    }
    for (int t = 0; t < 4; t++) {
        check(pthread_join(threads[t], NULL) == 0 && jobs[t].n_wrong == 0);
    }
    check(f24_pool_open_count(options.pool) <= 3);
    for (int i = 0; i < N_FILES; i++) {
        f24_source_release(sources[i]);
        path_of(path, sizeof path, i);
        check(unlink(path) == 0);
    }
    check(f24_pool_open_count(options.pool) == 0);
    f24_pool_close(options.pool);
}

static void a_file_replaced_while_its_descriptor_is_shut_is_noticed(void)
{
    f24_options options = F24_OPTIONS_INIT;
    f24_source *first = NULL, *second = NULL;
    char path[64], other[64];
    uint8_t byte;
    f24_error err;

    path_of(path, sizeof path, 0);
    path_of(other, sizeof other, 1);
    write_file(path, "a", 1);
    write_file(other, "b", 1);
    check(f24_pool_open(1, &options.pool, NULL) == F24_OK);
    check(f24_source_open_path(path, &options, &first, NULL) == F24_OK);
    check(f24_source_open_path(other, &options, &second, NULL) == F24_OK);
    check(unlink(path) == 0);
    write_file(path, "c", 1);
    check(f24_source_read(first, 0, &byte, 1, &err) == F24_ECHANGED);
    check(f24_source_read(second, 0, &byte, 1, &err) == F24_OK && byte == 'b');
    f24_source_release(first);
    f24_source_release(second);
    f24_pool_close(options.pool);
    check(unlink(path) == 0 && unlink(other) == 0);
}

typedef struct waiter {
    pthread_t thread;
    f24_source *source;
    f24_status status;
} waiter;

static void *read_a_byte(void *argument)
{
    waiter *w = argument;
    uint8_t byte;

    w->status = f24_source_read(w->source, 0, &byte, 1, NULL);
    return NULL;
}

/* Two wait for the only descriptor; the first cannot use it and has to pass it on. */
static void a_reader_that_fails_lets_the_next_one_in(void)
{
    f24_options options = F24_OPTIONS_INIT;
    f24_descriptor *busy = NULL;
    struct stat status;
    waiter waiters[8];
    char path[64];
    int fd;

    check(f24_pool_open(1, &options.pool, NULL) == F24_OK);
    for (int i = 0; i < 8; i++) {
        path_of(path, sizeof path, i);
        write_file(path, "a", 1);
        check(f24_source_open_path(path, &options, &waiters[i].source, NULL) == F24_OK);
        if (i % 2 == 0)
            write_file(path, "changed", 7);
    }
    path_of(path, sizeof path, 8);
    write_file(path, "a", 1);
    check(f24_descriptor_open(path, options.pool, &busy, &status, NULL) == F24_OK);
    check(f24_descriptor_acquire(busy, &fd, NULL) == F24_OK);
    for (int i = 0; i < 8; i++)
        check(pthread_create(&waiters[i].thread, NULL, read_a_byte, &waiters[i]) == 0);
    (void)usleep(20000);
    f24_descriptor_release(busy);
    for (int i = 0; i < 8; i++) {
        check(pthread_join(waiters[i].thread, NULL) == 0);
        check(waiters[i].status == (i % 2 == 0 ? F24_ECHANGED : F24_OK));
        f24_source_release(waiters[i].source);
    }
    f24_descriptor_close(busy);
    check(f24_pool_open_count(options.pool) == 0);
    f24_pool_close(options.pool);
    for (int i = 0; i <= 8; i++) {
        path_of(path, sizeof path, i);
        check(unlink(path) == 0);
    }
}

/* What threads of the parent held is free in the child. */
static void a_child_can_use_what_was_in_use(void)
{
    f24_options options = F24_OPTIONS_INIT;
    f24_descriptor *busy = NULL;
    f24_source *source = NULL;
    struct stat status;
    char path[64];
    int fd, exit_status = -1;
    pid_t child;

    check(f24_pool_open(1, &options.pool, NULL) == F24_OK);
    path_of(path, sizeof path, 0);
    write_file(path, "a", 1);
    check(f24_source_open_path(path, &options, &source, NULL) == F24_OK);
    check(f24_descriptor_open(path, options.pool, &busy, &status, NULL) == F24_OK);
    check(f24_descriptor_acquire(busy, &fd, NULL) == F24_OK);
    f24_pool_before_fork(options.pool);
    child = fork();
    f24_pool_after_fork(options.pool, child == 0);
    if (child == 0) {
        uint8_t byte = 0;
        _exit(f24_source_read(source, 0, &byte, 1, NULL) == F24_OK && byte == 'a' ? 0 : 1);
    }
    check(child > 0 && waitpid(child, &exit_status, 0) == child && exit_status == 0);
    f24_descriptor_release(busy);
    f24_descriptor_close(busy);
    f24_source_release(source);
    f24_pool_close(options.pool);
    check(unlink(path) == 0);
}

static void a_block_given_back_is_taken_again(void)
{
    f24_scratch scratch;
    f24_block block, again;
    uint8_t *at;

    f24_scratch_init(&scratch, 1 << 20);
    check(f24_scratch_take(&scratch, 5000, &block, NULL) == F24_OK);
    at = block.bytes;
    memset(at, 1, 5000 + F24_SCRATCH_PAD);
    f24_scratch_give(&scratch, &block);
    check(f24_scratch_take(&scratch, 100, &again, NULL) == F24_OK && again.bytes == at);
    f24_scratch_give(&scratch, &again);
    check(f24_scratch_take(&scratch, SIZE_MAX - 10, &again, NULL) == F24_ENOMEM);
    f24_scratch_destroy(&scratch);
}

static void a_store_keeps_no_more_than_it_may(void)
{
    f24_scratch scratch;
    f24_block blocks[20];

    f24_scratch_init(&scratch, 100000);
    for (int i = 0; i < 20; i++)
        check(f24_scratch_take(&scratch, 10000, &blocks[i], NULL) == F24_OK);
    for (int i = 0; i < 20; i++)
        f24_scratch_give(&scratch, &blocks[i]);
    check(scratch.n_kept_bytes == 100000);
    f24_scratch_destroy(&scratch);
}

int main(void)
{
    check(mkdtemp(directory) != NULL);
    loads_give_the_value_of_either_order();
    a_read_past_the_end_is_refused();
    a_directory_and_a_missing_file_are_errors_of_the_system();
    a_pipe_is_refused_without_waiting();
    a_file_cut_short_after_opening_gives_an_error(UINT64_MAX);
    a_file_cut_short_after_opening_gives_an_error(0);
    a_pool_serves_more_files_than_it_opens();
    a_file_replaced_while_its_descriptor_is_shut_is_noticed();
    a_reader_that_fails_lets_the_next_one_in();
    a_child_can_use_what_was_in_use();
    a_block_given_back_is_taken_again();
    a_store_keeps_no_more_than_it_may();
    check(rmdir(directory) == 0);
    return report();
}
