/* Who holds the lock on a file: for people who are told that they have to wait. */
#ifndef F24_BASE_LOCK_OWNER_H
#define F24_BASE_LOCK_OWNER_H

/* The process that has a lock on the file behind `fd` through another descriptor; 0: not known. */
long f24_lock_owner(int fd);

#endif
