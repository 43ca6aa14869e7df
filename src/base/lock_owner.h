/* Who holds the lock on a file, or writes to it: for people who are told that they have to wait. */
#ifndef F24_BASE_LOCK_OWNER_H
#define F24_BASE_LOCK_OWNER_H

#include <stdbool.h>

/* The process that has a lock on the file behind `fd` through another descriptor; 0: not known. */
long f24_lock_owner(int fd);

/* Whether somebody has a lock on the file behind `fd` through another descriptor. */
bool f24_is_locked(int fd);

/* A process that has the file open for writing through another descriptor than `fd`; 0: none is seen. */
long f24_other_writer(int fd);

#endif
