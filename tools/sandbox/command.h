/* The subcommands of the program and their options. Each returns an exit code. */
#pragma once

int sandbox_command_run(int argc, char **argv);
