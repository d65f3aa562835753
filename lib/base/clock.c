#include "lib/base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/scope.h"

int64_t clock_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_monotonic_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_monotonic_ms(void)
{
    return clock_monotonic_us() / 1000;
}

const char *clock_format(int64_t ms, char text[CLOCK_TEXT_LEN])
{
    int64_t seconds = ms / 1000;
    int64_t rest = ms % 1000;
    struct tm tm;

    if (rest < 0) {
        rest += 1000;
        seconds -= 1;
    }
    time_t when = (time_t)seconds;
    if (gmtime_r(&when, &tm) == NULL) {
        memcpy(text, "invalid", sizeof("invalid"));
        return text;
    }
    size_t len = strftime(text, CLOCK_TEXT_LEN, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + len, CLOCK_TEXT_LEN - len, ".%03dZ", (int)rest);
    return text;
}

/* Reads exactly `digits` decimal digits and moves on. */
static bool clock_digits(const char **at, int digits, int *ret_value)
{
    int value = 0;

    for (int i = 0; i < digits; i++) {
        char c = (*at)[i];

        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    *at += digits;
    *ret_value = value;
    return true;
}

/* timegm() would turn 31 February into 3 March. */
static int clock_month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

static bool clock_expect(const char **at, const char *any_of)
{
    if (**at == '\0' || strchr(any_of, **at) == NULL)
        return false;
    *at += 1;
    return true;
}

static bool clock_fraction_ms(const char **at, int *ret_ms)
{
    int ms = 0;
    int scale = 100;

    *ret_ms = 0;
    if (!clock_expect(at, ".,"))
        return true;
    if (**at < '0' || **at > '9')
        return false;
    for (; **at >= '0' && **at <= '9'; *at += 1) {
        ms += (**at - '0') * scale;
        scale /= 10;
    }
    *ret_ms = ms;
    return true;
}

static bool clock_offset_minutes(const char **at, int *ret_minutes)
{
    int hours = 0;
    int minutes = 0;

    *ret_minutes = 0;
    if (**at == '\0')
        return true;
    if (clock_expect(at, "Zz"))
        return **at == '\0';
    int sign = **at == '-' ? -1 : 1;
    if (!clock_expect(at, "+-") || !clock_digits(at, 2, &hours))
        return false;
    /* "+01:00", "+0100" and, as PostgreSQL writes it, "+01". */
    if (**at != '\0') {
        (void)clock_expect(at, ":");
        if (!clock_digits(at, 2, &minutes))
            return false;
    }
    if (hours > 23 || minutes > 59)
        return false;
    *ret_minutes = sign * (hours * 60 + minutes);
    return **at == '\0';
}

static bool clock_time_of_day(const char **at, struct tm *tm)
{
    return clock_digits(at, 2, &tm->tm_hour) && clock_expect(at, ":") &&
           clock_digits(at, 2, &tm->tm_min) && clock_expect(at, ":") &&
           clock_digits(at, 2, &tm->tm_sec);
}

/* Month from 1, whole year in, as struct tm has them out. 60 is a leap second, which timegm() makes
   the next minute's first. */
static bool clock_is_date(struct tm *tm)
{
    if (tm->tm_mon < 1 || tm->tm_mon > 12 || tm->tm_hour > 23 || tm->tm_min > 59 || tm->tm_sec > 60)
        return false;
    if (tm->tm_mday < 1 || tm->tm_mday > clock_month_days(tm->tm_year, tm->tm_mon))
        return false;
    tm->tm_year -= 1900;
    tm->tm_mon -= 1;
    return true;
}

static bool clock_date_time(const char **at, struct tm *tm)
{
    return clock_digits(at, 4, &tm->tm_year) && clock_expect(at, "-") &&
           clock_digits(at, 2, &tm->tm_mon) && clock_expect(at, "-") &&
           clock_digits(at, 2, &tm->tm_mday) && clock_expect(at, "Tt ") &&
           clock_time_of_day(at, tm) && clock_is_date(tm);
}

bool clock_parse(const char *text, int64_t *ret_ms)
{
    struct tm tm = {0};
    const char *at = text;
    int offset_minutes = 0;
    int ms = 0;

    if (text == NULL || !clock_date_time(&at, &tm) || !clock_fraction_ms(&at, &ms) ||
        !clock_offset_minutes(&at, &offset_minutes))
        return false;
    *ret_ms = ((int64_t)timegm(&tm) - (int64_t)offset_minutes * 60) * 1000 + ms;
    return true;
}

/* ---- RFC 2822 ---- */

static bool clock_month_name(const char **at, int *ret_month)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int i = 0; i < 12; i++) {
        if (strncmp(*at, names + (ptrdiff_t)i * 3, 3) == 0) {
            *at += 3;
            *ret_month = i + 1;
            return true;
        }
    }
    return false;
}

static bool clock_mail_date_time(const char **at, struct tm *tm)
{
    const char *comma = strchr(*at, ',');

    if (comma != NULL)
        *at = comma + 1 + strspn(comma + 1, " ");
    if (!clock_digits(at, 2, &tm->tm_mday) && !clock_digits(at, 1, &tm->tm_mday))
        return false;
    return clock_expect(at, " ") && clock_month_name(at, &tm->tm_mon) && clock_expect(at, " ") &&
           clock_digits(at, 4, &tm->tm_year) && clock_expect(at, " ") &&
           clock_time_of_day(at, tm) && clock_expect(at, " ") && clock_is_date(tm);
}

bool clock_parse_mail(const char *text, int64_t *ret_ms)
{
    static const char *const names[] = {"GMT", "UTC", "UT"};
    struct tm tm = {0};
    const char *at = text;
    int offset_minutes = 0;

    if (text == NULL || !clock_mail_date_time(&at, &tm) || *at == '\0')
        return false;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(at, names[i]) == 0)
            at = "Z";
    }
    if (!clock_offset_minutes(&at, &offset_minutes))
        return false;
    *ret_ms = ((int64_t)timegm(&tm) - (int64_t)offset_minutes * 60) * 1000;
    return true;
}
