/*
 * The system names the owner of a classic lock only. Locks of open files are shown beside the
 * descriptors that processes have open (/proc, Linux), of which we see those of our own user. How a
 * descriptor was opened stands there, too.
 */
#include "base/lock_owner.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* readdir is safe among threads for streams of their own. */
static struct dirent *next_entry(DIR *directory)
{
    return readdir(directory); /* NOLINT(concurrency-mt-unsafe) */
}

static bool is_number(const char *text)
{
    return isdigit((unsigned char)text[0]) != 0;
}

/* Whether a line of the description of a descriptor says what is looked for. */
typedef bool (*line_test)(const char *line);

static bool tells_of_lock(const char *line)
{
    return strncmp(line, "lock:", 5) == 0;
}

static bool tells_of_writing(const char *line)
{
    unsigned long flags =
        strncmp(line, "flags:", 6) == 0 ? strtoul(line + 6, NULL, 8) : (unsigned long)O_RDONLY;

    return (flags & O_ACCMODE) != O_RDONLY;
}

static bool description_has(const char *pid, const char *descriptor, line_test test)
{
    char path[64], line[256];
    bool found = false;
    FILE *info;

    (void)snprintf(path, sizeof path, "/proc/%.20s/fdinfo/%.20s", pid, descriptor);
    info = fopen(path, "re");
    if (info == NULL)
        return false;
    while (!found && fgets(line, sizeof line, info) != NULL)
        found = test(line);
    (void)fclose(info);
    return found;
}

/* What is looked for: a descriptor of the file, other than `own` of this process. */
typedef struct wanted {
    struct stat file;
    int own;
    line_test test;
} wanted;

static bool is_own(const wanted *w, const char *pid, const char *descriptor)
{
    return strtol(descriptor, NULL, 10) == w->own && strtol(pid, NULL, 10) == (long)getpid();
}

/* Whether a process has the file open through such a descriptor. */
static bool process_has(const char *pid, const wanted *w)
{
    char path[64];
    bool found = false;
    struct dirent *entry;
    DIR *descriptors;
    int at;

    (void)snprintf(path, sizeof path, "/proc/%.20s/fd", pid);
    descriptors = opendir(path);
    if (descriptors == NULL)
        return false;
    at = dirfd(descriptors);
    while (at >= 0 && !found && (entry = next_entry(descriptors)) != NULL) {
        struct stat other;
        found = is_number(entry->d_name) && !is_own(w, pid, entry->d_name) &&
                fstatat(at, entry->d_name, &other, 0) == 0 && other.st_dev == w->file.st_dev &&
                other.st_ino == w->file.st_ino && description_has(pid, entry->d_name, w->test);
    }
    (void)closedir(descriptors);
    return found;
}

static long search_processes(int fd, line_test test)
{
    wanted w = {.own = fd, .test = test};
    DIR *processes;
    struct dirent *entry;
    long owner = 0;

    if (fstat(fd, &w.file) != 0)
        return 0;
    processes = opendir("/proc");
    if (processes == NULL)
        return 0;
    while (owner == 0 && (entry = next_entry(processes)) != NULL) {
        if (is_number(entry->d_name) && process_has(entry->d_name, &w))
            owner = strtol(entry->d_name, NULL, 10);
    }
    (void)closedir(processes);
    return owner;
}

static bool find_lock(int fd, struct flock *lock)
{
    *lock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_GETLK, lock) == 0 && lock->l_type != F_UNLCK;
}

bool f24_is_locked(int fd)
{
    struct flock lock;

    return find_lock(fd, &lock);
}

long f24_lock_owner(int fd)
{
    struct flock lock;

    if (find_lock(fd, &lock) && lock.l_pid > 0)
        return (long)lock.l_pid;
    return search_processes(fd, tells_of_lock);
}

long f24_other_writer(int fd)
{
    return search_processes(fd, tells_of_writing);
}
