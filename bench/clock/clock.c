/* A library for LD_PRELOAD: the process sees a clock that is ahead of the system's by as many
   seconds as the file says that FLASHGIN_CLOCK names, at once when the file changes. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile long *ahead; /* seconds, eight bytes */

__attribute__((constructor)) static void begin(void) {
	const char *name = getenv("FLASHGIN_CLOCK");
	int file = name ? open(name, O_RDONLY) : -1;
	void *shared = mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, file, 0);
	if (shared != MAP_FAILED)
		ahead = shared;
}

int clock_gettime(clockid_t id, struct timespec *now) {
	int result = syscall(SYS_clock_gettime, id, now);
	if (ahead && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		now->tv_sec += *ahead;
	return result;
}

int gettimeofday(struct timeval *now, void *zone) {
	int result = syscall(SYS_gettimeofday, now, zone);
	if (ahead)
		now->tv_sec += *ahead;
	return result;
}

time_t time(time_t *into) {
	struct timeval now;
	gettimeofday(&now, NULL);
	if (into)
		*into = now.tv_sec;
	return now.tv_sec;
}
