/*
 * The system names the owner of a classic lock only. Locks of open files are shown beside the
 * descriptors that processes have open (/proc, Linux), of which we see those of our own user.
 */
#include "base/lock_owner.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
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

/* Whether the description of a descriptor speaks of a lock. */
static bool holds_lock(const char *pid, const char *descriptor)
{
    char path[64], line[256];
    bool found = false;
    FILE *info;

    (void)snprintf(path, sizeof path, "/proc/%.20s/fdinfo/%.20s", pid, descriptor);
    info = fopen(path, "re");
    if (info == NULL)
        return false;
    while (!found && fgets(line, sizeof line, info) != NULL)
        found = strncmp(line, "lock:", 5) == 0;
    (void)fclose(info);
    return found;
}

/* Whether a process has the file open through a descriptor with a lock. */
static bool is_owner(const char *pid, const struct stat *file)
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
        found = is_number(entry->d_name) && fstatat(at, entry->d_name, &other, 0) == 0 &&
                other.st_dev == file->st_dev && other.st_ino == file->st_ino &&
                holds_lock(pid, entry->d_name);
    }
    (void)closedir(descriptors);
    return found;
}

static long search_processes(const struct stat *file)
{
    DIR *processes = opendir("/proc");
    struct dirent *entry;
    long owner = 0;

    if (processes == NULL)
        return 0;
    while (owner == 0 && (entry = next_entry(processes)) != NULL) {
        if (is_number(entry->d_name) && is_owner(entry->d_name, file))
            owner = strtol(entry->d_name, NULL, 10);
    }
    (void)closedir(processes);
    return owner;
}

long f24_lock_owner(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct stat file;

    if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0)
        return (long)lock.l_pid;
    if (fstat(fd, &file) != 0)
        return 0;
    return search_processes(&file);
}
