/*
 * The admin port of every service: /healthz (alive, asks nobody), /readyz (each named check, false
 * first when stopping), /metrics. Also the answers' texts, so that all services speak alike.
 */
#pragma once

#include <stdbool.h>

#include "lib/base/err.h"

struct http_admin;

/* Fills why (short, lower case) when not ready. Called from the server's threads: be quick. */
typedef bool http_ready_check(void *opaque, char *why, unsigned long why_len);

struct http_admin_options {
    const char *address;
    const char *service;
    http_ready_check *ready;
    void *opaque;
};

struct http_admin *http_admin_start(const struct http_admin_options *options, struct err *err);
int http_admin_port(const struct http_admin *admin);
void http_admin_stop(struct http_admin *admin);
