#include "lib/base/stop.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/base/clock.h"

/* The event wakes every waiter, since nobody ever reads it. -1 before stop_setup(): poll ignores it
   and stop_wait() just looks again after its timeout. */
static struct {
    atomic_bool requested;
    atomic_int exit_status;
    atomic_int event;
} stop_state = {.event = -1};

/* Called from signal handlers too: nothing here but lock-free atomics and write(2). */
static void stop_raise(void)
{
    uint64_t one = 1;
    int saved_errno = errno;

    atomic_store(&stop_state.requested, true);
    ssize_t ignored = write(atomic_load(&stop_state.event), &one, sizeof(one));
    (void)ignored;
    errno = saved_errno;
}

static void stop_on_signal(int number)
{
    (void)number;
    stop_raise();
}

void stop_setup(void)
{
    struct sigaction stopping = {.sa_handler = stop_on_signal, .sa_flags = SA_RESTART};
    struct sigaction ignoring = {.sa_handler = SIG_IGN};

    atomic_store(&stop_state.event, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    assert(atomic_load(&stop_state.event) >= 0);
    sigemptyset(&stopping.sa_mask);
    sigemptyset(&ignoring.sa_mask);
    sigaction(SIGTERM, &stopping, NULL);
    sigaction(SIGINT, &stopping, NULL);
    sigaction(SIGPIPE, &ignoring, NULL);
}

bool stop_requested(void)
{
    return atomic_load(&stop_state.requested);
}

void stop_request(int exit_status)
{
    int none = EXIT_OK;

    atomic_compare_exchange_strong(&stop_state.exit_status, &none, exit_status);
    stop_raise();
}

int stop_exit_status(void)
{
    return atomic_load(&stop_state.exit_status);
}

void stop_wait(int timeout_ms)
{
    struct pollfd event = {.fd = atomic_load(&stop_state.event), .events = POLLIN};
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
    int64_t left_ms = timeout_ms;

    while (left_ms > 0 && !stop_requested()) {
        poll(&event, 1, (int)left_ms);
        left_ms = deadline_ms - clock_monotonic_ms();
    }
}
