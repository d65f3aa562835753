#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/http/internal.h"

/*
 * What two readers of the same bytes may understand differently is refused, whatever the library
 * accepts (RFC 9112, 6.3 and 11.2). Not seen from here, because the library cuts lines before it
 * calls us: a bare LF at a line's end, folded lines, blank lines before a request. 1.0 refuses
 * those by MHD_OPTION_CLIENT_DISCIPLINE_LVL; before 0.9.75 stands a proxy that normalises lines.
 */

static bool framing_refuse(struct http_refusal *refusal, int status, const char *type,
                           const char *detail)
{
    *refusal = (struct http_refusal){.status = status, .type = type, .detail = detail};
    return false;
}

/* RFC 9110 token; "Content-Length : 5" arrives with the space in its name. */
static bool framing_is_token(const char *text)
{
    static const char allowed[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    return *text != '\0' && strspn(text, allowed) == strlen(text);
}

static bool framing_is_value(const char *text)
{
    for (; *text != '\0'; text++)
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
            return false;
    return true;
}

static bool framing_check_lines(const struct http_request *request, struct http_refusal *refusal)
{
    if (request->malformed)
        return framing_refuse(refusal, 400, "bad-header", "a NUL byte in a header");
    if (strspn(request->method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != strlen(request->method))
        return framing_refuse(refusal, 400, "bad-method", "method is not upper case");
    for (size_t i = 0; i < request->headers_len; i++) {
        if (!framing_is_token(request->headers[i].name))
            return framing_refuse(refusal, 400, "bad-header", "a header's name is no token");
        if (!framing_is_value(request->headers[i].value))
            return framing_refuse(refusal, 400, "bad-header", "a control character in a header");
    }
    return true;
}

static bool framing_read_length(struct http_request *request, const char *text,
                                struct http_refusal *refusal)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || text[digits] != '\0')
        return framing_refuse(refusal, 400, "bad-content-length", "Content-Length is no number");
    /* 18 digits fit an int64; whoever announces more gets 413 from the limit. */
    request->content_length = digits > 18 ? INT64_MAX : strtoll(text, NULL, 10);
    return true;
}

static bool framing_check_length(struct http_request *request, struct http_refusal *refusal)
{
    size_t lengths = http_request_header_count(request, "Content-Length");
    size_t codings = http_request_header_count(request, "Transfer-Encoding");

    request->content_length = 0;
    if (lengths > 1)
        return framing_refuse(refusal, 400, "ambiguous-framing", "more than one Content-Length");
    if (codings == 0)
        return lengths == 0 ||
               framing_read_length(request, http_request_header(request, "Content-Length"),
                                   refusal);
    request->content_length = -1;
    if (lengths > 0)
        return framing_refuse(refusal, 400, "ambiguous-framing",
                              "Content-Length together with Transfer-Encoding");
    if (codings > 1 || request->http_1_0 ||
        strcasecmp(http_request_header(request, "Transfer-Encoding"), "chunked") != 0)
        return framing_refuse(refusal, 400, "bad-transfer-encoding",
                              "Transfer-Encoding is not just chunked");
    return true;
}

static bool framing_check_rest(const struct http_request *request, struct http_refusal *refusal)
{
    size_t hosts = http_request_header_count(request, "Host");

    if (hosts > 1 || (hosts == 0 && !request->http_1_0))
        return framing_refuse(refusal, 400, "bad-host", "not exactly one Host");
    for (size_t i = 0; i < request->headers_len; i++) {
        const struct http_header *header = &request->headers[i];

        if (strcasecmp(header->name, "Content-Encoding") == 0 &&
            strcasecmp(header->value, "identity") != 0)
            return framing_refuse(refusal, 415, "content-encoding",
                                  "bodies are taken without Content-Encoding only");
        if (strcasecmp(header->name, "Expect") == 0 &&
            strcasecmp(header->value, "100-continue") != 0)
            return framing_refuse(refusal, 417, "expectation", "Expect is not 100-continue");
    }
    return true;
}

bool http_framing_check(struct http_request *request, struct http_refusal *ret_refusal)
{
    request->content_length = -1; /* unknown until all is well: a refusal closes the connection */
    return framing_check_lines(request, ret_refusal) &&
           framing_check_length(request, ret_refusal) && framing_check_rest(request, ret_refusal);
}
