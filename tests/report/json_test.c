/* JSON: what is escaped, how numbers and rows look. */
#include <math.h>
#include <string.h>

#include "backend/report/json.h"
#include "tests/check.h"

static void check_text(const char *in, const char *want)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_buf b = {.arena = a};
	struct imc_json j = {.out = &b};

	imc_json_open_row(&j, NULL, '[');
	imc_json_text(&j, NULL, in);
	imc_json_close(&j, ']');
	CHECK(!strcmp(b.p, want), "%s, not %s", b.p, want);
	imc_arena_free(a);
}

static void check_number(double in, const char *want)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_buf b = {.arena = a};
	struct imc_json j = {.out = &b};

	imc_json_open(&j, NULL, '[');
	imc_json_number(&j, NULL, in);
	imc_json_close(&j, ']');
	CHECK(!strcmp(b.p, imc_arena_printf(a, "[\n  %s\n]\n", want)),
	      "%s, not %s", b.p, want);
	imc_arena_free(a);
}

static void check_layout(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_buf b = {.arena = a};
	struct imc_json j = {.out = &b};
	static const char want[] = "{\n"
				   "  \"a\": 1,\n"
				   "  \"b\": [\n"
				   "    {\"x\": true, \"y\": [1, 2]},\n"
				   "    {}\n"
				   "  ],\n"
				   "  \"c\": [],\n"
				   "  \"d\": {\n"
				   "    \"e\": null\n"
				   "  }\n"
				   "}\n";

	imc_json_open(&j, NULL, '{');
	imc_json_int(&j, "a", 1);
	imc_json_open(&j, "b", '[');
	imc_json_open_row(&j, NULL, '{');
	imc_json_bool(&j, "x", true);
	imc_json_open_row(&j, "y", '[');
	imc_json_int(&j, NULL, 1);
	imc_json_int(&j, NULL, 2);
	imc_json_close(&j, ']');
	imc_json_close(&j, '}');
	imc_json_open(&j, NULL, '{');
	imc_json_close(&j, '}');
	imc_json_close(&j, ']');
	imc_json_open(&j, "c", '[');
	imc_json_close(&j, ']');
	imc_json_open(&j, "d", '{');
	imc_json_text(&j, "e", NULL);
	imc_json_close(&j, '}');
	imc_json_close(&j, '}');
	CHECK(!strcmp(b.p, want), "%s", b.p);
	imc_arena_free(a);
}

int main(void)
{
	check_text("plain", "[\"plain\"]\n");
	check_text("a\"b\\c/d", "[\"a\\\"b\\\\c/d\"]\n");
	check_text("\n\t\x01\x1f\x7f", "[\"\\n\\t\\u0001\\u001f\\u007f\"]\n");
	check_text("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
		   "[\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"]\n");
	/* lone, cut off, too long, surrogate, past the last character */
	check_text("\x80", "[\"\\ufffd\"]\n");
	check_text("\xc3", "[\"\\ufffd\"]\n");
	check_text("\xe2\x82", "[\"\\ufffd\\ufffd\"]\n");
	check_text("\xc0\xaf", "[\"\\ufffd\\ufffd\"]\n");
	check_text("\xed\xa0\x80", "[\"\\ufffd\\ufffd\\ufffd\"]\n");
	check_text("\xf4\x90\x80\x80", "[\"\\ufffd\\ufffd\\ufffd\\ufffd\"]\n");
	check_number(0.1, "0.1");
	check_number(1.0 / 3, "0.333333");
	check_number(-0.0, "0");
	check_number(1e300, "1e+300");
	check_number(NAN, "null");
	check_number(-INFINITY, "null");
	check_layout();
	return check_result();
}
