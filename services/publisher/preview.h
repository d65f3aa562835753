/* `publisher preview`: the requests that targets from standard input would become. Sends nothing.
 */
#pragma once

#include "lib/base/err.h"

/* Options from the command line, unparsed. Returns the exit status. */
int publisher_preview(int argc, char **argv);
