/* The version of the suite: all programs are released together. */
#pragma once

#define STOCKBUS_VERSION "1.0.0"
