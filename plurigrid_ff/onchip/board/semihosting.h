/* Print and exit through Arm semihosting: a debugger or QEMU does the work. */
#ifndef FF_SEMIHOSTING_H
#define FF_SEMIHOSTING_H

/* Prints a text as it is; the line's end is the caller's. */
void semihosting_print(const char *text);

/* Ends the program. The host learns success (0) or failure (anything else), no more. */
void semihosting_exit(int status);

#endif
