/* `ingest normalize`: what a notification would become, tried by hand; writes nothing anywhere. */
#pragma once

/* argv[0] is "normalize"; reads the body from standard input. Returns the exit status. */
int ingest_normalize(int argc, char **argv);
