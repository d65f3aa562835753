#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/err.h"
#include "lib/http/internal.h"

enum { ADDRESS_BACKLOG = 1024 };

struct address_parts {
    char host[256];
    char port[8];
};

/* HOST:PORT or [HOST]:PORT; an empty host or '*' is every address. */
static bool address_split(const char *address, struct address_parts *parts)
{
    const char *host = address;
    const char *colon = strrchr(address, ':');
    size_t host_len = 0;

    if (colon == NULL || colon[1] == '\0' || strlen(colon + 1) >= sizeof(parts->port) ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return false;
    host_len = (size_t)(colon - address);
    if (host[0] == '[') {
        if (host_len < 2 || host[host_len - 1] != ']')
            return false;
        host += 1;
        host_len -= 2;
    } else if (memchr(host, ':', host_len) != NULL) {
        return false;
    }
    if (host_len >= sizeof(parts->host))
        return false;
    memcpy(parts->host, host, host_len);
    parts->host[host_len] = '\0';
    memcpy(parts->port, colon + 1, strlen(colon + 1) + 1);
    return true;
}

static struct addrinfo *address_resolve(const char *address, struct err *err)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    struct address_parts parts;

    if (!address_split(address, &parts) || strtol(parts.port, NULL, 10) > 65535) {
        err_set(err, ERR_FATAL,
                "address '%s' is not HOST:PORT, such as 127.0.0.1:8080 or [::]:8080", address);
        return NULL;
    }
    bool any = parts.host[0] == '\0' || strcmp(parts.host, "*") == 0;
    if (any)
        hints.ai_family = AF_INET;
    int failed = getaddrinfo(any ? NULL : parts.host, parts.port, &hints, &found);
    if (failed != 0) {
        err_set(err, ERR_FATAL, "address '%s': %s", address, gai_strerror(failed));
        return NULL;
    }
    return found;
}

static int address_port(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } bound = {0};
    socklen_t len = sizeof(bound);

    if (getsockname(fd, &bound.any, &len) != 0)
        return 0;
    return ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
}

static bool address_failed(const char *address, int reason, struct err *err)
{
    if (reason == EADDRINUSE)
        return err_set(err, ERR_FATAL, "address '%s' is in use", address);
    if (reason == EADDRNOTAVAIL)
        return err_set(err, ERR_FATAL, "address '%s' is none of this machine's", address);
    if (reason == EACCES)
        return err_set(err, ERR_FATAL, "address '%s' needs the right to use ports below 1024",
                       address);
    return err_set(err, ERR_FATAL, "address '%s': %s", address, strerrordesc_np(reason));
}

int http_address_listen(const char *address, int *ret_port, struct err *err)
{
    struct addrinfo *found = address_resolve(address, err);
    int on = 1;

    if (found == NULL)
        return -1;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* A restart must not wait for the last run's connections in TIME_WAIT. */
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, ADDRESS_BACKLOG) != 0) {
        address_failed(address, errno, err);
        if (fd >= 0)
            close(fd);
        fd = -1;
    } else {
        *ret_port = address_port(fd);
    }
    freeaddrinfo(found);
    return fd;
}
