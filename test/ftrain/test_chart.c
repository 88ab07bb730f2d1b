/* SPDX-License-Identifier: MIT */
/* Charts: whole markup, escaped texts, points inside the frame, round ticks, what is not finite left out. */
#include "ftrain/page/chart.h"
#include "test/support/pages.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *page_of_lines(const chart_lines *chart) {
    char *path = page_path();
    html *page;
    assert_int_equal(html_open(&page, path, "t", NULL), DN_OK);
    chart_write_lines(page, chart);
    char *text = page_close_and_read(page, path);
    assert_tags_are_balanced(text);
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "inf"));
    return text;
}

static chart_lines chart_of(const double *x, const double *y, int count) {
    return (chart_lines){.title = "Title",
                         .x_label = "x",
                         .y_label = "y",
                         .series = {{"first", x, y, count}},
                         .series_count = 1,
                         .marked = (double)NAN};
}

/* The height and width that the drawing says it has. */
static void read_frame(const char *text, double *width, double *height) {
    const char *at = strstr(text, "viewBox=\"0 0 ");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "viewBox=\"0 0 %lf %lf\"", width, height), 2);
}

/* Checks that all points of all lines are in the frame, and returns how many there are. */
static int count_points(const char *text) {
    static const char begin[] = "points=\"";
    double width, height;
    int count = 0;
    read_frame(text, &width, &height);
    for (const char *line = strstr(text, begin); line; line = strstr(line + 1, begin)) {
        double x, y;
        int used;
        for (const char *at = line + strlen(begin); sscanf(at, "%lf,%lf%n", &x, &y, &used) == 2; at += used) {
            assert_true(x >= 0 && x <= width && y >= 0 && y <= height);
            count++;
        }
    }
    return count;
}

static void test_all_points_are_drawn_inside_the_frame(void **state) {
    (void)state;
    const double x[] = {1, 2, 3, 4, 5}, y[] = {-1e6, 3, 0.001, 1e6, 17};
    const chart_lines chart = chart_of(x, y, 5);
    char *text = page_of_lines(&chart);
    assert_int_equal(count_points(text), 5);
    free(text);
}

static void test_higher_values_are_drawn_higher(void **state) {
    (void)state;
    const double x[] = {0, 1}, y[] = {0.2, 0.8};
    const chart_lines chart = chart_of(x, y, 2);
    char *text = page_of_lines(&chart);
    double x1, y1, x2, y2;
    assert_int_equal(sscanf(strstr(text, "points=\""), "points=\"%lf,%lf %lf,%lf", &x1, &y1, &x2, &y2), 4);
    assert_true(x1 < x2);
    assert_true(y1 > y2); /* SVG counts from the top */
    free(text);
}

static void test_what_is_not_finite_is_left_out_and_parts_the_line(void **state) {
    (void)state;
    const double x[] = {1, 2, 3, 4, 5}, y[] = {1, 2, (double)NAN, 4, (double)INFINITY};
    const chart_lines chart = chart_of(x, y, 5);
    char *text = page_of_lines(&chart);
    assert_int_equal(count_points(text), 3);
    assert_int_equal(page_count(text, "<polyline"), 2);
    free(text);
}

static void test_no_points_and_one_point_are_fine(void **state) {
    (void)state;
    const double x = 3, y = 0.5, none = (double)NAN;
    chart_lines chart = chart_of(&x, &y, 0);
    char *text = page_of_lines(&chart);
    assert_int_equal(count_points(text), 0);
    assert_non_null(strstr(text, "first: no values."));
    free(text);
    chart = chart_of(&x, &none, 1);
    free(page_of_lines(&chart));
    chart = chart_of(&x, &y, 1);
    text = page_of_lines(&chart);
    assert_int_equal(count_points(text), 1);
    free(text);
}

static void test_ticks_are_round_and_whole_where_asked(void **state) {
    (void)state;
    const double x[] = {1, 2, 3}, y[] = {0.512, 0.7, 0.733};
    chart_lines chart = chart_of(x, y, 3);
    chart.whole = true;
    char *text = page_of_lines(&chart);
    static const char *const ticks[] = {">1<", ">2<", ">3<", ">0.5<", ">0.6<", ">0.75<"};
    for (size_t i = 0; i < sizeof ticks / sizeof *ticks; i++) assert_non_null(strstr(text, ticks[i]));
    assert_null(strstr(text, ">1.5<"));
    free(text);
}

static void test_the_marked_value_has_its_line_and_name(void **state) {
    (void)state;
    const double x[] = {1, 2, 3}, y[] = {1, 2, 3};
    chart_lines chart = chart_of(x, y, 3);
    chart.marked = 2;
    chart.marked_name = "best <epoch>";
    char *text = page_of_lines(&chart);
    assert_non_null(strstr(text, "best &lt;epoch&gt; 2"));
    free(text);
    chart.marked = 7; /* outside */
    text = page_of_lines(&chart);
    assert_null(strstr(text, "best"));
    free(text);
}

static void test_a_level_is_a_line_across_the_chart_at_its_value(void **state) {
    (void)state;
    const double x[] = {0, 1}, y[] = {0.25, 0.75};
    chart_lines chart = chart_of(x, y, 2);
    chart.high = 1;
    chart.reference = (chart_reference){"guess <b>", 0.5};
    char *text = page_of_lines(&chart);
    assert_non_null(strstr(text, "guess &lt;b&gt;: 0.5.</desc>"));
    assert_non_null(strstr(text, ">guess &lt;b&gt;</text>"));
    double first, last, x1, y1, x2, y2;
    assert_int_equal(sscanf(strstr(text, "points=\""), "points=\"%*f,%lf %*f,%lf", &first, &last), 2);
    const char *dashed = strstr(text, "stroke-dasharray=\"3 3\"");
    assert_non_null(dashed);
    while (strncmp(dashed, "<line", 5) != 0) dashed--;
    assert_int_equal(sscanf(dashed, "<line x1=\"%lf\" y1=\"%lf\" x2=\"%lf\" y2=\"%lf\"", &x1, &y1, &x2, &y2),
                     4);
    assert_true(y1 == y2 && x1 < x2);
    assert_true(fabs(y1 - (first + last) / 2) <= 0.2); /* numbers have one decimal */
    free(text);
    chart.reference.name = NULL;
    text = page_of_lines(&chart);
    assert_null(strstr(text, "stroke-dasharray=\"3 3\""));
    free(text);
}

static void test_ten_series_have_ten_colours_dashes_and_marks(void **state) {
    (void)state;
    const double x[] = {1, 2}, y[] = {1, 2};
    chart_lines chart = chart_of(x, y, 2);
    for (int k = 0; k < MAX_SERIES; k++) chart.series[k] = (chart_series){"s", x, y, 2};
    chart.series_count = MAX_SERIES;
    char *text = page_of_lines(&chart), *seen[MAX_SERIES][2];
    const char *line = text, *shape = text;
    for (int k = 0; k < MAX_SERIES; k++) {
        char colour[32];
        snprintf(colour, sizeof colour, "stroke=\"var(--s%d)\"", k + 1);
        assert_non_null(strstr(text, colour));
        snprintf(colour, sizeof colour, "--s%d:#", k + 1);
        assert_int_equal(page_count(text, colour), 2); /* on white and on black */
        line = strstr(line + 1, "<polyline");
        const char *dash = strstr(line, "dasharray=");
        seen[k][0] = strndup(dash, strcspn(dash, ">") < 40 ? strcspn(dash, ">") : 40);
        shape = strstr(line, "<path d=\"M");
        shape = strchr(shape, 'm');
        seen[k][1] = strndup(shape, strcspn(shape, "\""));
        for (int before = 0; before < k; before++)
            for (int i = 0; i < 2; i++) assert_string_not_equal(seen[k][i], seen[before][i]);
    }
    for (int k = 0; k < MAX_SERIES; k++)
        for (int i = 0; i < 2; i++) free(seen[k][i]);
    free(text);
}

/* A curve of very many points is drawn by those that can be told apart, the last included. */
static void test_points_on_each_other_are_drawn_once(void **state) {
    (void)state;
    enum { COUNT = 20000 };
    double *x = malloc(COUNT * sizeof *x), *y = malloc(COUNT * sizeof *y);
    assert_true(x && y);
    for (int i = 0; i < COUNT; i++) x[i] = y[i] = (double)i / (COUNT - 1);
    const chart_lines chart = chart_of(x, y, COUNT);
    char *text = page_of_lines(&chart);
    const int points = count_points(text);
    assert_true(points > 1000 && points < 3000);
    double x1, x2;
    char *end = strstr(text, "points=\"");
    assert_int_equal(sscanf(end, "points=\"%lf", &x1), 1);
    end = strstr(end, " \"/>") - 1;
    while (*end != ' ') end--;
    assert_int_equal(sscanf(end, "%lf", &x2), 1);
    assert_true(x1 == 56.0 && x2 == 426.0); /* both ends of the frame */
    free(text);
    free(y);
    free(x);
}

static void test_texts_are_escaped_and_series_differ_in_more_than_colour(void **state) {
    (void)state;
    const double x[] = {1, 2}, y[] = {1, 2};
    chart_lines chart = chart_of(x, y, 2);
    chart.title = chart.x_label = chart.y_label = "<i>&";
    chart.series[1] = (chart_series){"<i>&", x, y, 2};
    chart.series_count = 2;
    char *text = page_of_lines(&chart);
    assert_null(strstr(text, "<i>"));
    /* in caption, SVG title, description, both axes, legend */
    assert_int_equal(page_count(text, "&lt;i&gt;&amp;"), 6);
    assert_non_null(strstr(text, "stroke-dasharray=\"none\""));
    assert_non_null(strstr(text, "stroke-dasharray=\"7 4\""));
    free(text);
}

static void test_bars_are_as_long_as_their_values(void **state) {
    (void)state;
    const chart_bar bars[] = {{"half & <b>", 0.5, 0.4, 0.6, false},
                              {"whole", 1, (double)NAN, (double)NAN, false},
                              {"none", (double)NAN, (double)NAN, (double)NAN, false}};
    char *path = page_path();
    html *page;
    assert_int_equal(html_open(&page, path, "t", NULL), DN_OK);
    chart_write_bars(page, "T", "share", "%.2f", 1, NULL, bars, 3);
    char *text = page_close_and_read(page, path);
    assert_tags_are_balanced(text);
    assert_null(strstr(text, "nan"));
    assert_non_null(strstr(text, "half &amp; &lt;b&gt;"));
    double width, height, half, whole;
    read_frame(text, &width, &height);
    const char *first = strstr(text, "<rect"), *second = strstr(first + 1, "<rect");
    assert_int_equal(page_count(text, "<rect"), 2);
    assert_int_equal(sscanf(strstr(first, "width="), "width=\"%lf\"", &half), 1);
    assert_int_equal(sscanf(strstr(second, "width="), "width=\"%lf\"", &whole), 1);
    assert_true(fabs(whole - 2 * half) <= 0.2); /* numbers have one decimal */
    assert_true(whole < width);
    assert_int_equal(page_count(text, "stroke-width=\"1.5\""), 3); /* one whisker and its ends */
    free(text);
}

static void test_a_reference_is_a_line_across_the_bars_at_its_value(void **state) {
    (void)state;
    const chart_bar bars[] = {{"half", 0.5, (double)NAN, (double)NAN, false},
                              {"ours", 0.25, (double)NAN, (double)NAN, true}};
    const chart_reference reference = {"guess <b>", 0.5};
    char *path = page_path();
    html *page;
    assert_int_equal(html_open(&page, path, "t", NULL), DN_OK);
    chart_write_bars(page, "T", "share", "%.2f", 1, &reference, bars, 2);
    char *text = page_close_and_read(page, path);
    assert_tags_are_balanced(text);
    assert_non_null(strstr(text, "guess &lt;b&gt;: 0.5.</desc>"));
    assert_non_null(strstr(text, ">guess &lt;b&gt;</text>"));
    /* it stands where the bar of the same value ends, and reaches below the last one */
    double x, y, length, x1, y1, x2, y2, last;
    const char *first = strstr(text, "<rect"), *second = strstr(first + 1, "<rect");
    assert_int_equal(sscanf(first, "<rect x=\"%lf\" y=\"%lf\" width=\"%lf\"", &x, &y, &length), 3);
    assert_int_equal(sscanf(second, "<rect x=\"%*f\" y=\"%lf\"", &last), 1);
    const char *dashed = strstr(text, "stroke-dasharray=\"3 3\"");
    assert_non_null(dashed);
    while (strncmp(dashed, "<line", 5) != 0) dashed--;
    assert_int_equal(sscanf(dashed, "<line x1=\"%lf\" y1=\"%lf\" x2=\"%lf\" y2=\"%lf\"", &x1, &y1, &x2, &y2),
                     4);
    assert_true(fabs(x1 - (x + length)) <= 0.2 && x1 == x2); /* numbers have one decimal */
    assert_true(y1 < y && y2 > last);
    /* the marked bar alone is bold and darker */
    assert_int_equal(page_count(text, "font-weight=\"bold\""), 1);
    assert_int_equal(page_count(text, "fill-opacity=\"0.9\""), 1);
    assert_true(strstr(text, "font-weight=\"bold\"") > strstr(text, ">half<"));
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_points_are_drawn_inside_the_frame),
        cmocka_unit_test(test_higher_values_are_drawn_higher),
        cmocka_unit_test(test_what_is_not_finite_is_left_out_and_parts_the_line),
        cmocka_unit_test(test_no_points_and_one_point_are_fine),
        cmocka_unit_test(test_ticks_are_round_and_whole_where_asked),
        cmocka_unit_test(test_the_marked_value_has_its_line_and_name),
        cmocka_unit_test(test_a_level_is_a_line_across_the_chart_at_its_value),
        cmocka_unit_test(test_ten_series_have_ten_colours_dashes_and_marks),
        cmocka_unit_test(test_points_on_each_other_are_drawn_once),
        cmocka_unit_test(test_texts_are_escaped_and_series_differ_in_more_than_colour),
        cmocka_unit_test(test_bars_are_as_long_as_their_values),
        cmocka_unit_test(test_a_reference_is_a_line_across_the_bars_at_its_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
