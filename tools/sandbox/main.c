#include "lib/base/log.h"
#include "lib/base/stop.h"

#include "tools/sandbox/command.h"

int main(int argc, char **argv)
{
    stop_setup();
    log_setup("sandbox", LOG_LEVEL_INFO);
    return sandbox_command_run(argc, argv);
}
