/* SPDX-License-Identifier: MIT */
/* The words for a comparison with guessing. */
#include "ftrain/shell/guessing.h"

#include "ftrain/shell/quote.h"
#include "io/json.h"

#include <stdio.h>

void guessing_p_value(char *text, size_t size, double p) {
    if (p < 0.0001)
        snprintf(text, size, "p < 0.0001");
    else
        snprintf(text, size, "p = %.2g", p);
}

guessing_sentence guessing_sentence_make(const dni_versus_largest *versus, const char *name, int correct,
                                         int count) {
    guessing_sentence out = {.name = NULL};
    char p[32];
    guessing_p_value(p, sizeof p, versus->p_value);
    if (versus->better) {
        snprintf(out.before, sizeof out.before, "better than always guessing the largest class (%.4f): %s",
                 versus->share, p);
        return out;
    }
    out.name = name;
    if (versus->guessed == count) {
        snprintf(out.before, sizeof out.before, "not told from guessing: every picture is of the class '");
        snprintf(out.after, sizeof out.after, "'");
        return out;
    }
    snprintf(out.before, sizeof out.before, "not told from guessing: %d of %d correct, always guessing '",
             correct, count);
    snprintf(out.after, sizeof out.after, "' gives %d; %s", versus->guessed, p);
    return out;
}

void guessing_print(const guessing_sentence *sentence) {
    fputs(sentence->before, stdout);
    if (sentence->name) quote_write(stdout, sentence->name);
    puts(sentence->after);
}

json_t *guessing_json(const dni_versus_largest *versus) {
    return json_pack("{s:o, s:o, s:b}", "share", dni_json_number(versus->share), "p_value",
                     dni_json_number(versus->p_value), "better", (int)versus->better);
}
