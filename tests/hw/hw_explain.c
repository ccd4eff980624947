/* What `imcc targets --explain` says of every key. */
#include <string.h>

#include "hwdesc/hw.h"
#include "tests/check.h"

#define OK(condition) CHECK(condition, "is false")

/* The line of a key holds these words. */
static void check_line(const char *text, const char *section, const char *key,
		       const char *const *word, size_t n)
{
	const char *at = strstr(text, section), *end;

	if (at)
		at = strstr(at, key);
	CHECK(at, "%s %s is not explained", section, key);
	if (!at)
		return;
	end = strchr(at, '\n');
	for (size_t i = 0; i < n; i++) {
		const char *found = strstr(at, word[i]);

		CHECK(found && found < end, "%s %s: '%s' is not in '%.*s'",
		      section, key, word[i], (int)(end - at), at);
	}
}

static void check_key(const char *text, const char *section, const char *key,
		      const char *unit, const char *range, const char *help)
{
	const char *const word[] = {unit, range, help};

	check_line(text, section, key, word, 3);
}

static void test_explain(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	struct imc_buf plain = {.arena = a}, mine = {.arena = a};
	struct imc_hw *hw = imc_hw_load("garofalo-34", a, &d);
	static const char *const rows[] = {" 256 ", " - ", "1 .. 65536",
					   "word lines"};
	static const char *const bytes[] = {" 524288 ", " B ", "1024 .. ",
					    "size"};
	static const char *const jobs[] = {
		" pipelined ", "pipelined or sequential", "streams overlap"};
	static const char *const arrays[] = {"34 ", " 1 ", "0 .. 1000000",
					     "crossbar arrays"};

	imc_hw_explain(NULL, &plain);
	imc_hw_explain(hw, &mine);
#define SECTION(s, text)                                                       \
	OK(strstr(plain.p, #s ": " text "\n"));                                \
	OK(strstr(mine.p, #s ": " text "\n"));
#define KEY_I(s, k, u, def, lo, hi, text)                                      \
	check_key(plain.p, #s ": ", "  " #k " ", u, " .. ", text);
#define KEY_F KEY_I
#define KEY_E(s, k, w, def, text)                                              \
	check_key(plain.p, #s ": ", "  " #k " ", "", " or ", text);
#include "hwdesc/hw.def"
	check_line(plain.p, "\nima: ", "  rows ", rows, 4);
	check_line(plain.p, "\nl1: ", "  bytes ", bytes, 4);
	check_line(plain.p, "\nima: ", "  jobs ", jobs, 3);
	check_line(mine.p, "\nima: ", "  arrays ", arrays, 4);
	imc_arena_free(a);
}

int main(void)
{
	test_explain();
	return check_result();
}
