/* Hardware descriptions: every message with its text and place, values with
 * units, printing and setting, the built-in targets. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hwdesc/cost.h"
#include "ir/support/embed.h"
#include "tests/check.h"

#define OK(condition) CHECK(condition, "is false")

/* All messages, one a line. */
static const char *text_of(const struct imc_diags *d)
{
	struct imc_buf b = {.arena = d->arena};

	imc_buf_text(&b, "");
	for (size_t i = 0; i < d->n; i++)
		imc_buf_printf(&b, "%s%s", i ? "\n" : "", d->v[i].text);
	return b.p;
}

static void check_set(const char *key, const char *value, const char *want)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	struct imc_hw *hw = imc_hw_new(a);
	bool ok = imc_hw_set(hw, key, value, IMC_NOWHERE, &d) &&
		  imc_hw_check(hw, IMC_NOWHERE, &d);

	CHECK(ok == !*want, "%s=%s", key, value);
	CHECK(!strcmp(text_of(&d), want), "%s=%s gave\n%s\nnot\n%s", key, value,
	      text_of(&d), want);
	imc_arena_free(a);
}

/* Key, value, what is said about it. */
static const char *const set_cases[][3] = {
	{"ima.arrays", "70", ""},
	{"ima.jobs", "sequential", ""},
	{"name", "my-chip_2.0", ""},
	{"ima.array", "70",
	 "imcc: error: unknown key 'ima.array'; did you mean "
	 "'ima.arrays'?"},
	{"zzzzzzzzzzzz", "1", "imcc: error: unknown key 'zzzzzzzzzzzz'"},
	{"l1.bytes", "512 ns",
	 "imcc: error: l1.bytes: expected a size in B, kB, MB, GB, "
	 "kiB, MiB or GiB, found unit 'ns'"},
	{"ima.mvm_ns", "1 MHz",
	 "imcc: error: ima.mvm_ns: expected a time in ns, us, ms, s, "
	 "min, h, day, month or year, found unit 'MHz'"},
	{"cluster.freq", "1 s",
	 "imcc: error: cluster.freq: expected a frequency in Hz, kHz, "
	 "MHz or GHz, found unit 's'"},
	{"energy.dw_mac", "1 mJ",
	 "imcc: error: energy.dw_mac: expected an energy in pJ, nJ or "
	 "uJ, found unit 'mJ'"},
	{"area.array", "1 m2",
	 "imcc: error: area.array: expected an area in mm2 or um2, "
	 "found unit 'm2'"},
	{"ima.arrays", "70 kB",
	 "imcc: error: ima.arrays: expected a plain number, found "
	 "unit 'kB'"},
	{"ima.arrays", "many",
	 "imcc: error: ima.arrays: expected a whole number, found "
	 "'many'"},
	{"ima.arrays", "",
	 "imcc: error: ima.arrays: expected a whole number, found ''"},
	{"ima.arrays", "1.5",
	 "imcc: error: ima.arrays: expected a whole number, found "
	 "'1.5'"},
	{"ima.mvm_ns", "nan",
	 "imcc: error: ima.mvm_ns: expected a number in ns, found "
	 "'nan'"},
	{"ima.arrays", "-1",
	 "imcc: error: ima.arrays: expected 0 to 1000000, found '-1'"},
	{"l1.bytes", "1 B",
	 "imcc: error: l1.bytes: expected 1024 to 1099511627776 B, "
	 "found '1 B'"},
	{"ima.mvm_ns", "1e999",
	 "imcc: error: ima.mvm_ns: expected 0.001 to 1e+09 ns, found "
	 "'1e999'"},
	{"ima.jobs", "fast",
	 "imcc: error: ima.jobs: expected pipelined or sequential, "
	 "found 'fast'"},
	{"ima.jobs", "pipe",
	 "imcc: error: ima.jobs: expected pipelined or sequential, "
	 "found 'pipe'"},
	{"name", "a b",
	 "imcc: error: name: expected 1 to 60 letters, digits, '.', "
	 "'_' or '-', found 'a b'"},
	{"name", "x\n\x80",
	 "imcc: error: name: expected 1 to 60 letters, digits, '.', "
	 "'_' or '-', found 'x?"
	 "?'"},
	{"ima.active_arrays", "2",
	 "imcc: error: ima.active_arrays is 2 but ima.arrays is 1: no "
	 "more arrays can compute than there are"},
	{"ima.rows", "65537",
	 "imcc: error: ima.rows: expected 1 to 65536, found '65537'"},
};

static void test_set_faults(void)
{
	for (size_t i = 0; i < sizeof set_cases / sizeof set_cases[0]; i++)
		check_set(set_cases[i][0], set_cases[i][1], set_cases[i][2]);
}

static void test_relations(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	struct imc_hw *hw = imc_hw_new(a);

	hw->ima_rows = hw->ima_cols = 8192;
	hw->l1_bytes = 1024;
	hw->l1_banks = 512;
	OK(!imc_hw_check(hw, IMC_IN_FILE("x.yaml"), &d));
	CHECK(!strcmp(text_of(&d),
		      "x.yaml: error: ima.rows is 8192 but ima.cols is 8192: "
		      "an array has at most 16777216 cells\n"
		      "x.yaml: error: l1.banks is 512 but l1.bytes is 1024: a "
		      "bank has at least 4 bytes"),
	      "%s", text_of(&d));
	hw = imc_hw_new(a);
	hw->ima_arrays = 0; /* all on the cores */
	OK(imc_hw_check(hw, IMC_NOWHERE, &d));
	imc_arena_free(a);
}

static void check_unit(const char *key, const char *value, double want)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	struct imc_hw *hw = imc_hw_new(a);
	double got = NAN;

	CHECK(imc_hw_set(hw, key, value, IMC_NOWHERE, &d), "%s", text_of(&d));
#define KEY_I(s, k, u, def, lo, hi, text)                                      \
	if (!strcmp(key, #s "." #k))                                           \
		got = (double)hw->s##_##k;
#define KEY_F(s, k, u, def, lo, hi, text)                                      \
	if (!strcmp(key, #s "." #k))                                           \
		got = hw->s##_##k;
#include "hwdesc/hw.def"
	CHECK(fabs(got - want) <= 1e-12 * want, "%s %s is %.17g", key, value,
	      got);
	imc_arena_free(a);
}

static void test_units(void)
{
	check_unit("l1.bytes", "512 kB", 524288);
	check_unit("l1.bytes", "512kiB", 524288);
	check_unit("l1.bytes", "0.5 MB", 524288);
	check_unit("l2.bytes", " 1 GiB ", 1073741824);
	check_unit("l2.bytes", "2 GB", 2147483648.0);
	check_unit("l2.bytes", "3 MiB", 3145728);
	check_unit("l2.bytes", "4096", 4096);
	check_unit("l2.bytes", "4096 B", 4096);
	check_unit("ima.mvm_ns", "0.13 us", 130);
	check_unit("ima.mvm_ns", "1 ms", 1e6);
	check_unit("ima.mvm_ns", "1 s", 1e9);
	check_unit("ima.mvm_ns", "130 ns", 130);
	check_unit("cluster.freq", "0.5 GHz", 500);
	check_unit("cluster.freq", "5e8 Hz", 500);
	check_unit("cluster.freq", "500000 kHz", 500);
	check_unit("energy.ima_job", "1540 pJ", 1.54);
	check_unit("energy.ima_job", "0.001 uJ", 1);
	check_unit("energy.dw_mac", "0.0016 nJ", 1.6);
	check_unit("area.array", "830000 um2", 0.83);
	check_unit("area.array", "0x1p-1", 0.5);
}

/* Every key at a value of its own, neither default nor round. */
static void disturb(struct imc_hw *hw)
{
	double x = 1.0 / 3;

#define KEY_I(s, k, u, def, lo, hi, text)                                      \
	hw->s##_##k = (hi)-1 > (def) ? (def) + 1 : (hi)-1;
#define KEY_F(s, k, u, def, lo, hi, text) hw->s##_##k = x += 1.7;
#define KEY_E(s, k, words, def, text) hw->s##_##k = 1;
#include "hwdesc/hw.def"
}

static bool same_hw(const struct imc_hw *a, const struct imc_hw *b)
{
	bool same = !strcmp(a->name, b->name);

#define KEY_I(s, k, u, def, lo, hi, text) same &= a->s##_##k == b->s##_##k;
#define KEY_F(s, k, u, def, lo, hi, text) same &= a->s##_##k == b->s##_##k;
#define KEY_E(s, k, words, def, text) same &= a->s##_##k == b->s##_##k;
#include "hwdesc/hw.def"
	return same;
}

/* Sets back what imc_hw_print wrote, line by line. */
static void read_print(struct imc_hw *hw, char *text, struct imc_diags *d)
{
	char *line, *end;

	for (line = text; *line; line = end + 1) {
		char *key = line + strlen("hw "), *value;

		end = strchr(line, '\n');
		*end = 0;
		value = strchr(key, ' ');
		*value++ = 0;
		OK(!strncmp(line, "hw ", 3));
		CHECK(imc_hw_text.set(hw, key, value, IMC_NOWHERE, d), "%s",
		      text_of(d));
	}
}

static void test_round_trip(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	struct imc_hw *hw = imc_hw_text.make(a), *back = imc_hw_text.make(a);
	struct imc_buf out = {.arena = a};

	disturb(hw);
	hw->name = "odd";
	OK(!same_hw(hw, back));
	imc_hw_text.print(hw, &out);
	CHECK(!strncmp(out.p, "hw name odd\nhw chip.clusters 2\n", 31), "%s",
	      out.p);
	read_print(back, out.p, &d);
	OK(same_hw(hw, back));
	imc_arena_free(a);
}

/* Reads YAML that has faults: the messages are `want`. */
static void check_read(const char *yaml, const char *want)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	struct imc_hw *hw = imc_hw_read("hw.yaml", yaml, strlen(yaml), a, &d);

	CHECK(!hw == !!*want, "%s", yaml);
	CHECK(!strcmp(text_of(&d), want), "%s\ngave\n%s\nnot\n%s", yaml,
	      text_of(&d), want);
	imc_arena_free(a);
}

static void test_read_faults(void)
{
	check_read("name: x\nima:\n  arrays: 3\n", "");
	check_read("name: 'x'\nl1: {bytes: 1 MB}\n", "");
	check_read("name: x\nimma:\n  arrays: 3\n",
		   "hw.yaml:2:1: error: unknown section 'imma'; did you mean "
		   "'ima'?");
	check_read("name: x\nima:\n  arays: 3\n  rows: x\n",
		   "hw.yaml:3:3: error: unknown key 'ima.arays'; did you mean "
		   "'ima.arrays'?\n"
		   "hw.yaml:4:9: error: ima.rows: expected a whole number, "
		   "found 'x'");
	check_read("name: x\nima:\n  arrays: 3\n  arrays: 4\n",
		   "hw.yaml:4:3: error: key 'arrays' is given twice");
	check_read("name: x\nima:\n  arrays: 3\nima:\n  rows: 4\n",
		   "hw.yaml:4:1: error: key 'ima' is given twice");
	check_read("name: x\nname: y\n",
		   "hw.yaml:2:1: error: key 'name' is given twice");
	check_read("name: x\nima:\n  arrays: [3]\n",
		   "hw.yaml:3:11: error: expected a value, found a list");
	check_read("name: {x: 1}\n",
		   "hw.yaml:1:7: error: expected a value, found a mapping");
	check_read("name: x\nima: 3\n",
		   "hw.yaml:2:6: error: expected a mapping of keys, found a "
		   "value");
	check_read("- name\n", "hw.yaml:1:1: error: expected a mapping of "
			       "sections, found a list");
	check_read("", "hw.yaml: error: expected a mapping of sections, found "
		       "nothing");
	check_read("name: x\nima:\n  [a]: 3\n",
		   "hw.yaml:3:3: error: not readable YAML: a key must be plain "
		   "text");
	check_read("name: x\n[a]: 3\n", "hw.yaml:2:1: error: not readable "
					"YAML: a key must be plain text");
	check_read("name: x\nl1:\n  bytes: 512 ns\n",
		   "hw.yaml:3:10: error: l1.bytes: expected a size in B, kB, "
		   "MB, GB, kiB, MiB or GiB, found unit 'ns'");
	check_read("name: x\nima:\n  rows: 0\n",
		   "hw.yaml:3:9: error: ima.rows: expected 1 to 65536, found "
		   "'0'");
	check_read("name: x\nima:\n  active_arrays: 4\n",
		   "hw.yaml:3:18: error: ima.active_arrays is 4 but ima.arrays "
		   "is 1: no more arrays can compute than there are");
	check_read("ima:\n  rows: 1\n",
		   "hw.yaml:1:1: error: the machine has no name: expected "
		   "'name: ...'");
	check_read("name: \"a\\0b\"\n", "hw.yaml:1:7: error: not readable "
					"YAML: a zero byte inside text");
	check_read("name: x\n---\nname: y\n",
		   "hw.yaml:2:1: error: not readable YAML: a second document "
		   "in one file");
}

/* ADCs whose range has whole ends want machines with numbers like theirs. */
static void check_ends(void)
{
	check_read("name: x\nima: {adc_rounding: float32}\n",
		   "hw.yaml:2:21: error: ima.adc_rounding is float32 but "
		   "ima.adc_ends is any: float32 is known of ranges with whole "
		   "ends");
	check_read("name: x\nima: {adc_ends: whole, adc: none}\n",
		   "hw.yaml:2:17: error: ima.adc_ends is whole but ima.adc is "
		   "none: no ADC clips sums that are exact");
	check_read(
		"name: x\nima: {adc_bits: 6, adc_ends: whole}\n",
		"hw.yaml:2:30: error: ima.adc_ends is whole but ima.adc_bits "
		"is 6: LOW + HIGH has code 127");
	check_read(
		"name: x\nima: {dac_bits: 7, adc_ends: whole}\n",
		"hw.yaml:2:30: error: ima.adc_ends is whole but ima.dac_bits "
		"is 7: the largest input is 127");
	check_read(
		"name: x\nima: {adc_ends: whole, dac_zero: free}\n",
		"hw.yaml:2:17: error: ima.adc_ends is whole but ima.dac_zero "
		"is free: inputs lie around 0");
	check_read("name: x\nima: {adc_ends: whole, adc_range: column}\n",
		   "hw.yaml:2:17: error: ima.adc_ends is whole but "
		   "ima.adc_range is column: a layer has one LOW and one HIGH");
	check_read("name: x\nima: {adc_ends: whole, aggregate: yes}\n",
		   "hw.yaml:2:17: error: ima.adc_ends is whole but "
		   "ima.aggregate is yes: codes of blocks do not add up to "
		   "activations");
}

/* Keys that contradict each other: at the first of the two in the table that
 * the file names. */
static void test_contradictions(void)
{
	check_read("name: x\nima:\n  adc: none\n  aggregate: yes\n",
		   "hw.yaml:4:14: error: ima.aggregate is yes but ima.adc is "
		   "none: the aggregation block adds codes of ADCs");
	check_read("name: x\nima: {adc: none, adc_range: column}\n",
		   "hw.yaml:2:29: error: ima.adc_range is column but ima.adc "
		   "is none: there is no ADC to set");
	check_ends();
	check_read("name: x\nima:\n  arrays: 2\n  active_arrays: 3\n",
		   "hw.yaml:4:18: error: ima.active_arrays is 3 but ima.arrays "
		   "is 2: no more arrays can compute than there are");
	check_read("name: x\nl1:\n  bytes: 1 kB\n  banks: 300\n",
		   "hw.yaml:4:10: error: l1.banks is 300 but l1.bytes is 1024: "
		   "a bank has at least 4 bytes");
	check_read("name: x\nl1:\n  banks: 60000\n  bytes: 1 kB\n"
		   "ima: {cols: 65536, rows: 65536}\n",
		   "hw.yaml:5:26: error: ima.rows is 65536 but ima.cols is "
		   "65536: an array has at most 16777216 cells\n"
		   "hw.yaml:3:10: error: l1.banks is 60000 but l1.bytes is "
		   "1024: a bank has at least 4 bytes");
	check_read("name: x\npe: {shares_port: yes}\n",
		   "hw.yaml:2:19: error: pe.shares_port is yes but pe.rows is "
		   "0: there is no array to share it with");
	check_read("name: x\npe:\n  rows: 8\n  shares_port: yes\nima:\n"
		   "  port_bytes: 32\n",
		   "hw.yaml:6:15: error: pe.port_bytes is 16 but "
		   "ima.port_bytes is 32: pe.shares_port says that they are "
		   "one port");
	check_read("name: x\ndw: {kernel: 3}\nima: {port_bytes: 0}\n",
		   "hw.yaml:3:19: error: ima.port_bytes: expected 1 to 65536 "
		   "B, found '0'");
	check_read("name: x\npe: {rows: 5000}\n",
		   "hw.yaml:2:12: error: pe.rows: expected 0 to 4096, found "
		   "'5000'");
	check_read("name: x\npe: {port_bytes: 8 pJ, shares: no}\n",
		   "hw.yaml:2:18: error: pe.port_bytes: expected a size in B, "
		   "kB, MB, GB, kiB, MiB or GiB, found unit 'pJ'\n"
		   "hw.yaml:2:24: error: unknown key 'pe.shares'");
}

static void test_yaml_faults(void)
{
	static const char at_name[] =
		"hw.yaml:1:7: error: not readable YAML: anchors and tags are "
		"not supported";
	static const char at_ima[] =
		"hw.yaml:2:6: error: not readable YAML: anchors and tags are "
		"not supported";

	check_read("name: &a x\nima: *a\n", at_name);
	check_read("name: x\nima: *a\n", "hw.yaml:2:6: error: not readable "
					 "YAML: aliases are not supported");
	check_read("name: !!int 3\n", at_name);
	check_read("name: x\nima: &b {rows: 3}\n", at_ima);
	check_read("name: x\nima: !s [3]\n", at_ima);
	check_read("name: x\nima:\n\trows: 3\n",
		   "hw.yaml:3:1: error: not readable YAML: found character "
		   "that cannot start any token");
	check_read("name: x\nima: {rows: 3\n",
		   "hw.yaml:3:1: error: not readable YAML: did not find "
		   "expected ',' or '}'");
	check_read("name: \xff\n", "hw.yaml: error: not readable YAML: "
				   "invalid leading UTF-8 octet");
}

static void test_too_large(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	size_t n = (1 << 20) + 1;
	char *text = imc_arena_alloc(a, n);

	memset(text, '#', n);
	OK(!imc_hw_read("big.yaml", text, n, a, &d));
	OK(!strcmp(text_of(&d),
		   "big.yaml: error: not readable YAML: longer than 1 MB"));
	imc_arena_free(a);
}

/* Deep nesting ends in a message, not in the stack. */
static void test_deep(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	struct imc_buf b = {.arena = a};

	imc_buf_text(&b, "name: x\nbad: ");
	for (int i = 0; i < 5000; i++)
		imc_buf_text(&b, "[");
	OK(!imc_hw_read("deep.yaml", b.p, b.n, a, &d));
	OK(d.n_error > 0);
	imc_arena_free(a);
}

static void check_load(const char *target, const char *want)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	struct imc_hw *hw = imc_hw_load(target, a, &d);

	CHECK(!hw == !!*want, "%s", target);
	CHECK(!strcmp(text_of(&d), want), "%s", text_of(&d));
	imc_arena_free(a);
}

static void test_load(void)
{
	check_load("garofalo-34", "");
	check_load("garofalo-1", "");
	check_load("./none.yaml",
		   "./none.yaml: error: cannot read: No such file or "
		   "directory");
	check_load("../hw/", "../hw/: error: cannot read: Is a directory");
	check_load(
		"garofalo-43",
		"imcc: error: unknown target 'garofalo-43'; known are "
		"bruschi-512, diana, garofalo-1, garofalo-34, lrmp, pulp-ima, "
		"rram-sram, sram-imc, or a .yaml file; did you mean "
		"'garofalo-1'?");
	check_load(
		"q",
		"imcc: error: unknown target 'q'; known are "
		"bruschi-512, diana, garofalo-1, garofalo-34, lrmp, pulp-ima, "
		"rram-sram, sram-imc, or a .yaml file");
}

static void test_targets(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	struct imc_hw *one = imc_hw_load("garofalo-1", a, &d);
	struct imc_hw *many = imc_hw_load("garofalo-34", a, &d);

	OK(imc_target_files_count >= 2);
	CHECK(one && many, "%s", text_of(&d));
	if (one && many) {
		OK(!strcmp(one->name, "garofalo-1"));
		OK(!strcmp(many->source, "garofalo-34.yaml"));
		OK(one->ima_arrays == 1 && !one->ima_aggregate);
		OK(many->ima_arrays == 34 && many->ima_aggregate);
		OK(many->l1_bytes == 524288 && many->dw_kernel == 3);
		OK(many->cluster_freq == 500 && many->ima_mvm_ns == 130);
		/* But for these they are one machine. */
		one->name = many->name;
		one->ima_arrays = many->ima_arrays;
		one->ima_aggregate = many->ima_aggregate;
		OK(same_hw(one, many));
	}
	imc_arena_free(a);
}

/* Every file is a target of its own name that keeps all rules. */
static void test_all_targets(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};

	for (size_t i = 0; i < imc_target_files_count; i++) {
		const char *path = imc_target_files[i].path;
		size_t n = strlen(path) - strlen(".yaml");
		struct imc_hw *hw =
			imc_hw_load(imc_arena_strndup(a, path, n), a, &d);

		CHECK(hw && strlen(hw->name) == n &&
			      !strncmp(hw->name, path, n),
		      "%s: %s", path, text_of(&d));
	}
	OK(d.n == 0);
	imc_arena_free(a);
}

/* The published figures of diana: peaks of its two cores. */
static void test_diana(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	struct imc_hw *hw = imc_hw_load("diana", a, &d);
	double nj;

	OK(hw && hw->ima_rows == 1152 && hw->ima_cols == 512);
	OK(hw->ima_arrays == 1 && hw->cluster_cores == 1);
	OK(hw->ima_cell_bits == 2 && hw->ima_dac_bits == 7);
	OK(hw->ima_adc_bits == 6 && hw->pe_rows == 16 && hw->pe_cols == 16);
	nj = hw->energy_ima_job + 1152 * hw->energy_ima_row +
	     512 * hw->energy_ima_col;
	CHECK(fabs(2e-3 * 1152 * 512 / nj - 600) < 1, "%g nJ", nj);
	CHECK(fabs(2 / hw->energy_pe_mac - 14) < 0.1, "%g pJ",
	      hw->energy_pe_mac);
	imc_arena_free(a);
}

static void test_sram(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	struct imc_hw *hw = imc_hw_load("sram-imc", a, &d);

	OK(hw && hw->ima_adc == 1 && hw->ima_dac_zero == 1);
	OK(hw->ima_cell_bits == 8 && hw->dw_kernel == 0 && hw->pe_rows == 0);
	OK(hw->ima_arrays == 64 && hw->ima_active_arrays == 8);
	imc_arena_free(a);
}

/* What makes a machine spatial, and the printed figures of the two. */
static void test_spatial(void)
{
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	struct imc_hw *lrmp = imc_hw_load("lrmp", a, &d);
	struct imc_hw *many = imc_hw_load("bruschi-512", a, &d);

	CHECK(lrmp && many, "%s", text_of(&d));
	if (!lrmp || !many)
		return;
	OK(imc_hw_is_spatial(lrmp) && imc_hw_is_spatial(many));
	OK(imc_hw_sums_exact(lrmp) && !imc_hw_sums_exact(many));
	OK(imc_hw_n_array(lrmp) == 5688 && imc_hw_n_array(many) == 512);
	OK(lrmp->ima_rows_at_once == 9 && lrmp->cluster_freq == 192);
	OK(fabs(lrmp->ima_mvm_ns * lrmp->cluster_freq - 1000) < 1e-9);
	OK(many->cluster_cores * many->chip_clusters == 8192);
	OK(many->l1_bytes == 1 << 20 && many->l2_bytes == 3LL << 29);
	OK(many->dma_setup_cycles == 100 + 4 * 4);
	CHECK(fabs(imc_area_mm2(many) - 480) < 0.5, "%g mm2",
	      imc_area_mm2(many));
	imc_arena_free(a);
}

int main(void)
{
	test_set_faults();
	test_relations();
	test_units();
	test_round_trip();
	test_read_faults();
	test_yaml_faults();
	test_too_large();
	test_deep();
	test_load();
	test_targets();
	test_contradictions();
	test_all_targets();
	test_diana();
	test_sram();
	test_spatial();
	return check_result();
}
