/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest user of an installed ramet: prints its version. */
#include <ramet/status.h>
#include <stdio.h>

int main(void) { return printf("%s\n", ramet_version()) < 0; }
