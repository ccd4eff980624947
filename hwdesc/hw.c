#include "hwdesc/hw.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hwdesc/hw_key.h"

const struct imc_hw_key imc_hw_keys[] = {
#define ROW(s, k) .section = #s, .name = #k, .full = #s "." #k
#define AT(s, k) .offset = offsetof(struct imc_hw, s##_##k)
#define NUMBER(t, u, d, lo, hi)                                                \
	.type = t, .unit = u, .words = "", .def = (double)(d),                 \
	.min = (double)(lo), .max = (double)(hi)
#define KEY_I(s, k, u, d, lo, hi, text)                                        \
	{ROW(s, k), AT(s, k), NUMBER(IMC_KEY_I, u, d, lo, hi), .help = text},
#define KEY_F(s, k, u, d, lo, hi, text)                                        \
	{ROW(s, k), AT(s, k), NUMBER(IMC_KEY_F, u, d, lo, hi), .help = text},
#define KEY_E(s, k, w, d, text)                                                \
	{ROW(s, k),  AT(s, k),	 .type = IMC_KEY_E,                            \
	 .unit = "", .words = w, .def = (double)(d),                           \
	 .min = 0,   .max = 0,	 .help = text},
#include "hwdesc/hw.def"
#undef NUMBER
#undef ROW
#undef AT
};
#define N_KEY (sizeof imc_hw_keys / sizeof imc_hw_keys[0])
const size_t imc_n_hw_key = N_KEY;

const char *const imc_hw_sections[] = {
#define SECTION(s, text) #s,
#include "hwdesc/hw.def"
};
const char *const imc_hw_section_help[] = {
#define SECTION(s, text) text,
#include "hwdesc/hw.def"
};
const size_t imc_n_hw_section =
	sizeof imc_hw_sections / sizeof imc_hw_sections[0];

/* kB is 1024 B, as data sheets of memories mean it: 512 kB = 524288 B.
 * to_base: how many B, ns, MHz, pJ or mm2 one of the unit is. */
enum unit_kind { SIZE, TIME, FREQUENCY, ENERGY, AREA, N_UNIT_KIND };

static const struct unit {
	const char *name;
	enum unit_kind kind;
	double to_base;
} units[] = {
	{"B", SIZE, 1},
	{"kB", SIZE, 1024},
	{"MB", SIZE, 1048576},
	{"GB", SIZE, 1073741824},
	{"kiB", SIZE, 1024},
	{"MiB", SIZE, 1048576},
	{"GiB", SIZE, 1073741824},
	{"ns", TIME, 1},
	{"us", TIME, 1e3},
	{"ms", TIME, 1e6},
	{"s", TIME, 1e9},
	{"Hz", FREQUENCY, 1e-6},
	{"kHz", FREQUENCY, 1e-3},
	{"MHz", FREQUENCY, 1},
	{"GHz", FREQUENCY, 1e3},
	{"pJ", ENERGY, 1},
	{"nJ", ENERGY, 1e3},
	{"uJ", ENERGY, 1e6},
	{"mm2", AREA, 1},
	{"um2", AREA, 1e-6},
};

static const char *const kind_text[N_UNIT_KIND] = {
	[SIZE] = "a size in B, kB, MB, GB, kiB, MiB or GiB",
	[TIME] = "a time in ns, us, ms or s",
	[FREQUENCY] = "a frequency in Hz, kHz, MHz or GHz",
	[ENERGY] = "an energy in pJ, nJ or uJ",
	[AREA] = "an area in mm2 or um2",
};

static const struct unit *unit_of(const char *name)
{
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (!strcmp(units[i].name, name))
			return &units[i];
	return NULL;
}

static int64_t *int_at(struct imc_hw *hw, const struct imc_hw_key *k)
{
	return (int64_t *)(void *)((char *)hw + k->offset);
}

static double *real_at(struct imc_hw *hw, const struct imc_hw_key *k)
{
	return (double *)(void *)((char *)hw + k->offset);
}

static void store(struct imc_hw *hw, const struct imc_hw_key *k, double v)
{
	if (k->type == IMC_KEY_F)
		*real_at(hw, k) = v;
	else
		*int_at(hw, k) = (int64_t)v;
}

struct imc_hw *imc_hw_new(struct imc_arena *a)
{
	struct imc_hw *hw = imc_arena_alloc(a, sizeof *hw);

	hw->name = "unnamed";
	hw->source = "";
	for (size_t i = 0; i < N_KEY; i++)
		store(hw, &imc_hw_keys[i], imc_hw_keys[i].def);
	return hw;
}

const struct imc_hw_key *imc_hw_key_find(const char *full)
{
	for (size_t i = 0; i < N_KEY; i++)
		if (!strcmp(imc_hw_keys[i].full, full))
			return &imc_hw_keys[i];
	return NULL;
}

const char *imc_hw_quote(const char *s, struct imc_arena *a)
{
	char *out = imc_arena_strndup(a, s, strlen(s) < 60 ? strlen(s) : 60);

	for (char *p = out; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return out;
}

const char *imc_hw_hint(const char *word, const char *const *names, size_t n,
			struct imc_arena *a)
{
	const char *near = imc_nearest(word, names, n);

	return near ? imc_arena_printf(a, "; did you mean '%s'?", near) : "";
}

bool imc_hw_unknown_key(const char *key, struct imc_loc loc,
			struct imc_diags *d)
{
	static const char *const names[] = {
#define KEY_I(s, k, u, def, lo, hi, text) #s "." #k,
#define KEY_F(s, k, u, def, lo, hi, text) #s "." #k,
#define KEY_E(s, k, w, def, text) #s "." #k,
#include "hwdesc/hw.def"
	};

	return imc_diag(d, loc, IMC_D_HW_KEY, imc_hw_quote(key, d->arena),
			imc_hw_hint(key, names, N_KEY, d->arena));
}

/* Word i of "a|b|c", its length in *len; NULL when there are fewer. */
static const char *word_at(const char *words, int64_t i, size_t *len)
{
	const char *p = words;

	while (i-- > 0) {
		p = strchr(p, '|');
		if (!p)
			return NULL;
		p++;
	}
	*len = strcspn(p, "|");
	return p;
}

const char *imc_hw_words_text(const char *words, struct imc_arena *a)
{
	struct imc_buf b = {.arena = a};
	const char *w;
	size_t len, next;

	for (int64_t i = 0; (w = word_at(words, i, &len)); i++) {
		if (i)
			imc_buf_text(&b, word_at(words, i + 1, &next) ? ", "
								      : " or ");
		imc_buf_bytes(&b, w, len);
	}
	return b.p;
}

static bool set_word(struct imc_hw *hw, const struct imc_hw_key *k,
		     const char *value, struct imc_loc loc, struct imc_diags *d)
{
	const char *w;
	size_t len;

	for (int64_t i = 0; (w = word_at(k->words, i, &len)); i++)
		if (strlen(value) == len && !memcmp(w, value, len)) {
			*int_at(hw, k) = i;
			return true;
		}
	return imc_diag(d, loc, IMC_D_HW_VALUE, k->full,
			imc_hw_words_text(k->words, d->arena),
			imc_hw_quote(value, d->arena));
}

/* Splits "130 ns" into 130 and "ns". Words such as "inf" are no numbers. */
static bool split_number(const char *s, double *v, const char **unit)
{
	const char *digit = s + (*s == '-' || *s == '+');
	char *end;

	if (*digit == '.')
		digit++;
	if (*digit < '0' || *digit > '9')
		return false;
	*v = strtod(s, &end);
	*unit = end + strspn(end, " \t");
	return true;
}

/* Turns *v, given in `unit`, into the unit of k. */
static bool convert(const struct imc_hw_key *k, const char *unit, double *v,
		    struct imc_loc loc, struct imc_diags *d)
{
	const struct unit *from, *to = unit_of(k->unit);

	if (!*unit)
		return true;
	from = unit_of(unit);
	if (from && to && from->kind == to->kind) {
		*v *= from->to_base / to->to_base;
		return true;
	}
	return imc_diag(d, loc, IMC_D_HW_UNIT, k->full,
			to ? kind_text[to->kind] : "a plain number",
			imc_hw_quote(unit, d->arena));
}

/* "a whole number", "a number in MHz" ... */
static const char *wanted(const struct imc_hw_key *k, struct imc_arena *a)
{
	return imc_arena_printf(
		a, "a %s%s%s", k->type == IMC_KEY_I ? "whole number" : "number",
		*k->unit ? " in " : "", k->unit);
}

static bool in_range(const struct imc_hw_key *k, double v, const char *value,
		     struct imc_loc loc, struct imc_diags *d)
{
	int digits = k->type == IMC_KEY_I ? 15 : 6;

	if (v >= k->min && v <= k->max)
		return true;
	return imc_diag(d, loc, IMC_D_HW_RANGE, k->full,
			imc_arena_printf(d->arena, "%.*g", digits, k->min),
			imc_arena_printf(d->arena, "%.*g%s%s", digits, k->max,
					 *k->unit ? " " : "", k->unit),
			imc_hw_quote(value, d->arena));
}

static bool set_number(struct imc_hw *hw, const struct imc_hw_key *k,
		       const char *value, struct imc_loc loc,
		       struct imc_diags *d)
{
	const char *unit;
	double v;

	if (!split_number(value, &v, &unit))
		return imc_diag(d, loc, IMC_D_HW_VALUE, k->full,
				wanted(k, d->arena),
				imc_hw_quote(value, d->arena));
	if (!convert(k, unit, &v, loc, d) || !in_range(k, v, value, loc, d))
		return false;
	if (k->type == IMC_KEY_I && v != floor(v))
		return imc_diag(d, loc, IMC_D_HW_VALUE, k->full,
				wanted(k, d->arena),
				imc_hw_quote(value, d->arena));
	store(hw, k, v);
	return true;
}

/* Names go into file names and C comments: letters, digits, '.', '_', '-'. */
static bool set_name(struct imc_hw *hw, const char *value, struct imc_loc loc,
		     struct imc_diags *d)
{
	static const char ok[] = "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	if (!*value || strlen(value) > 60 || value[strspn(value, ok)])
		return imc_diag(d, loc, IMC_D_HW_VALUE, "name",
				"1 to 60 letters, digits, '.', '_' or '-'",
				imc_hw_quote(value, d->arena));
	hw->name = imc_arena_strdup(d->arena, value);
	return true;
}

bool imc_hw_set(struct imc_hw *hw, const char *key, const char *value,
		struct imc_loc loc, struct imc_diags *d)
{
	const struct imc_hw_key *k = imc_hw_key_find(key);
	size_t n;

	value += strspn(value, " \t");
	n = strlen(value);
	while (n && (value[n - 1] == ' ' || value[n - 1] == '\t'))
		n--;
	value = imc_arena_strndup(d->arena, value, n);
	if (!strcmp(key, "name"))
		return set_name(hw, value, loc, d);
	if (!k)
		return imc_hw_unknown_key(key, loc, d);
	if (k->type == IMC_KEY_E)
		return set_word(hw, k, value, loc, d);
	return set_number(hw, k, value, loc, d);
}

const char *imc_hw_value_text(const struct imc_hw *hw,
			      const struct imc_hw_key *k, struct imc_arena *a)
{
	const void *at = (const char *)hw + k->offset;
	const char *word;
	size_t len = 0;

	switch (k->type) {
	case IMC_KEY_I:
		return imc_arena_printf(a, "%" PRId64, *(const int64_t *)at);
	case IMC_KEY_F:
		return imc_arena_printf(a, "%.6g", *(const double *)at);
	case IMC_KEY_E:
		word = word_at(k->words, *(const int64_t *)at, &len);
		return word ? imc_arena_strndup(a, word, len) : "";
	}
	return "";
}

static void print_key(const struct imc_hw *hw, const struct imc_hw_key *k,
		      struct imc_buf *out)
{
	const void *at = (const char *)hw + k->offset;

	if (k->type == IMC_KEY_F)
		imc_buf_printf(out, "hw %s %a\n", k->full, *(const double *)at);
	else
		imc_buf_printf(out, "hw %s %s\n", k->full,
			       imc_hw_value_text(hw, k, out->arena));
}

void imc_hw_print(const struct imc_hw *hw, struct imc_buf *out)
{
	imc_buf_printf(out, "hw name %s\n", hw->name);
	for (size_t i = 0; i < N_KEY; i++)
		print_key(hw, &imc_hw_keys[i], out);
}

const struct imc_text_hw imc_hw_text = {imc_hw_print, imc_hw_set, imc_hw_new};
