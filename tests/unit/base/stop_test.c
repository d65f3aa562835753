#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/stop.h"

enum { LONG_MS = 120000, SOON_MS = 60000 };

/* Stopping is for ever, so each fact has a process of its own; it exits 0 when the fact holds. */
static void assert_in_child(int (*body)(void))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        _exit(body());
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static bool stopped_soon(int64_t start_ms)
{
    return stop_requested() && clock_monotonic_ms() - start_ms < SOON_MS;
}

static int signal_body(void)
{
    int64_t start_ms = clock_monotonic_ms();

    stop_setup();
    if (stop_requested())
        return 1;
    alarm(LONG_MS / 1000);
    kill(getpid(), SIGTERM);
    stop_wait(LONG_MS);
    return stopped_soon(start_ms) && stop_exit_status() == EXIT_OK ? 0 : 2;
}

static void a_signal_stops_with_status_0(void **state)
{
    (void)state;
    assert_in_child(signal_body);
}

static void *wait_long(void *opaque)
{
    (void)opaque;
    stop_wait(LONG_MS);
    return NULL;
}

static int threads_body(void)
{
    int64_t start_ms = clock_monotonic_ms();
    pthread_t threads[3];

    stop_setup();
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, wait_long, NULL);
    kill(getpid(), SIGINT);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    return stopped_soon(start_ms) ? 0 : 1;
}

static void every_waiting_thread_wakes(void **state)
{
    (void)state;
    assert_in_child(threads_body);
}

static int request_body(void)
{
    stop_setup();
    stop_request(EXIT_OK);
    stop_request(EXIT_INTERNAL);
    stop_request(EXIT_REFUSED);
    kill(getpid(), SIGTERM);
    return stop_requested() && stop_exit_status() == EXIT_INTERNAL ? 0 : 1;
}

static void the_first_status_that_is_not_ok_stays(void **state)
{
    (void)state;
    assert_in_child(request_body);
}

static int timeout_body(void)
{
    int64_t start_ms = clock_monotonic_ms();

    stop_setup();
    stop_wait(0);
    stop_wait(-1);
    stop_wait(50);
    int64_t taken_ms = clock_monotonic_ms() - start_ms;
    return taken_ms >= 50 && taken_ms < SOON_MS && !stop_requested() ? 0 : 1;
}

static void waiting_ends_at_its_timeout(void **state)
{
    (void)state;
    assert_in_child(timeout_body);
}

static int pipe_body(void)
{
    int ends[2];

    stop_setup();
    if (pipe(ends) != 0 || close(ends[0]) != 0)
        return 1;
    return write(ends[1], "x", 1) == -1 && !stop_requested() ? 0 : 2;
}

static void a_closed_pipe_kills_nobody(void **state)
{
    (void)state;
    assert_in_child(pipe_body);
}

static int without_setup_body(void)
{
    stop_wait(20);
    stop_request(EXIT_USAGE);
    stop_wait(LONG_MS);
    return stop_requested() && stop_exit_status() == EXIT_USAGE ? 0 : 1;
}

static void it_works_without_setup(void **state)
{
    (void)state;
    assert_in_child(without_setup_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_stops_with_status_0),
        cmocka_unit_test(every_waiting_thread_wakes),
        cmocka_unit_test(the_first_status_that_is_not_ok_stays),
        cmocka_unit_test(waiting_ends_at_its_timeout),
        cmocka_unit_test(a_closed_pipe_kills_nobody),
        cmocka_unit_test(it_works_without_setup),
    };

    return cmocka_run_group_tests_name("stop", tests, NULL, NULL);
}
