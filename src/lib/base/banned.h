/*
 * banned.h - functions that have no place here, turned into compile errors.
 *
 * Given to every compilation with -include. It includes the system headers
 * first, so that their own uses pass, and then poisons the names. The build gives
 * MAY_FORK to the one file that may fork.
 */
#ifndef PGHAUL_BASE_BANNED_H
#define PGHAUL_BASE_BANNED_H

#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <bsd/unistd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol atof gets
#pragma GCC poison localtime gmtime ctime asctime signal system popen usleep sleep exit

#ifndef MAY_FORK
#pragma GCC poison fork vfork
#endif

#endif
