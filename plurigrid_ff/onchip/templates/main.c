/* Predict, and learn, from standard input. One sample a line:
 *
 *     LABEL,X0,X1,...        learn from it after predicting it (FF_LEARNS only)
 *     ?,X0,X1,...            predict it
 *
 * Every number is an int8, made from a feature as ff_model.h says. Prints one prediction a
 * line; at the end, on standard error, how many of the labelled ones were right.
 *
 * Options: -f  predict only, also where there is a label
 *          -s  print nothing but the summary
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ff_model.h"

#define NO_LABEL (-1L)
#define LINE_MAX_BYTES (16 + FF_INPUTS * 6)

static int8_t sample[FF_INPUTS];
static char line[LINE_MAX_BYTES];

static void refuse(unsigned long number, const char *what)
{
    fprintf(stderr, "line %lu: %s; expected LABEL,X0,...,X%d with a label in [0, %d) or ?\n",
            number, what, FF_INPUTS - 1, FF_CLASSES);
    exit(1);
}

/* Read one whole number and the comma behind it; return where the next one starts. */
static char *number_at(char *text, long least, long most, unsigned long row, long *value)
{
    char *end;
    *value = strtol(text, &end, 10);
    while (isspace((unsigned char)*end))
        end++;
    if (end == text || (*end != ',' && *end != '\0'))
        refuse(row, "a field is not a whole number");
    if (*value < least || *value > most)
        refuse(row, "a number is out of range");
    return *end == ',' ? end + 1 : end;
}

/* Fill `sample` from `line`; return the label. */
static long parse(unsigned long row)
{
    long label = NO_LABEL, value;
    char *at = line;
    if (line[0] == '?' && line[1] == ',')
        at += 2;
    else
        at = number_at(at, 0, FF_CLASSES - 1, row, &label);
    for (int i = 0; i < FF_INPUTS; i++) {
        if (*at == '\0' || *at == '\n')
            refuse(row, "too few numbers");
        at = number_at(at, -127, 127, row, &value);
        sample[i] = (int8_t)value;
    }
    if (*at != '\0' && *at != '\n')
        refuse(row, "too many numbers");
    return label;
}

int main(int count, char **arguments)
{
    int frozen = !FF_LEARNS, silent = 0;
    unsigned long row = 0, labelled = 0, right = 0;
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "-f") == 0) {
            frozen = 1;
        } else if (strcmp(arguments[i], "-s") == 0) {
            silent = 1;
        } else {
            fprintf(stderr, "usage: %s [-f] [-s] < samples.csv\n", arguments[0]);
            return 2;
        }
    }
    while (fgets(line, sizeof line, stdin) != NULL) {
        row++;
        if (strchr(line, '\n') == NULL && !feof(stdin))
            refuse(row, "too long");
        long label = parse(row);
        unsigned predicted = ff_predict(sample);
        if (!silent)
            printf("%u\n", predicted);
        if (label == NO_LABEL)
            continue;
        labelled++;
        right += predicted == (unsigned)label;
#if FF_LEARNS
        if (!frozen)
            ff_learn(sample, (unsigned)label);
#endif
    }
    fprintf(stderr, "%lu samples, %lu labelled, %lu right (%.2f%%), %s, digest %08lx\n", row,
            labelled, right, labelled ? 100.0 * (double)right / (double)labelled : 0.0,
            frozen ? "nothing learned" : "learned from every label", (unsigned long)ff_digest());
    return 0;
}
