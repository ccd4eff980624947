#include "hwdesc/key.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* kB is 1024 B, as data sheets of memories mean it: 512 kB = 524288 B.
 * A month has 30 days, a year 365. to_base: how many B, ns, MHz, pJ, mm2, uS
 * or ohm one of the unit is. */
enum unit_kind {
	SIZE,
	TIME,
	FREQUENCY,
	ENERGY,
	AREA,
	CONDUCTANCE,
	RESISTANCE,
	N_UNIT_KIND
};

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
	{"min", TIME, 60e9},
	{"h", TIME, 3600e9},
	{"day", TIME, 86400e9},
	{"month", TIME, 30 * 86400e9},
	{"year", TIME, 365 * 86400e9},
	{"Hz", FREQUENCY, 1e-6},
	{"kHz", FREQUENCY, 1e-3},
	{"MHz", FREQUENCY, 1},
	{"GHz", FREQUENCY, 1e3},
	{"pJ", ENERGY, 1},
	{"nJ", ENERGY, 1e3},
	{"uJ", ENERGY, 1e6},
	{"mm2", AREA, 1},
	{"um2", AREA, 1e-6},
	{"nS", CONDUCTANCE, 1e-3},
	{"uS", CONDUCTANCE, 1},
	{"mS", CONDUCTANCE, 1e3},
	{"mohm", RESISTANCE, 1e-3},
	{"ohm", RESISTANCE, 1},
	{"kohm", RESISTANCE, 1e3},
};

static const char *const kind_text[N_UNIT_KIND] = {
	[SIZE] = "a size in B, kB, MB, GB, kiB, MiB or GiB",
	[TIME] = "a time in ns, us, ms, s, min, h, day, month or year",
	[FREQUENCY] = "a frequency in Hz, kHz, MHz or GHz",
	[ENERGY] = "an energy in pJ, nJ or uJ",
	[AREA] = "an area in mm2 or um2",
	[CONDUCTANCE] = "a conductance in nS, uS or mS",
	[RESISTANCE] = "a resistance in mohm, ohm or kohm",
};

static const struct unit *unit_of(const char *name)
{
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (!strcmp(units[i].name, name))
			return &units[i];
	return NULL;
}

static int64_t *int_at(void *thing, const struct imc_key *k)
{
	return (int64_t *)(void *)((char *)thing + k->offset);
}

static double *real_at(void *thing, const struct imc_key *k)
{
	return (double *)(void *)((char *)thing + k->offset);
}

static void store(void *thing, const struct imc_key *k, double v)
{
	if (k->type == IMC_KEY_F)
		*real_at(thing, k) = v;
	else
		*int_at(thing, k) = (int64_t)v;
}

static const char **name_of(void *thing)
{
	return thing;
}

void imc_key_defaults(const struct imc_key_table *t, void *thing)
{
	*name_of(thing) = "unnamed";
	for (size_t i = 0; i < t->n_key; i++)
		store(thing, &t->key[i], t->key[i].def);
}

const struct imc_key *imc_key_find(const struct imc_key_table *t,
				   const char *full)
{
	for (size_t i = 0; i < t->n_key; i++)
		if (!strcmp(t->key[i].full, full))
			return &t->key[i];
	return NULL;
}

const char *imc_key_quote(const char *s, struct imc_arena *a)
{
	char *out = imc_arena_strndup(a, s, strlen(s) < 60 ? strlen(s) : 60);

	for (char *p = out; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return out;
}

const char *imc_key_hint(const char *word, const char *const *names, size_t n,
			 struct imc_arena *a)
{
	const char *near = imc_nearest(word, names, n);

	return near ? imc_arena_printf(a, "; did you mean '%s'?", near) : "";
}

bool imc_key_unknown(const struct imc_key_table *t, const char *key,
		     struct imc_loc loc, struct imc_diags *d)
{
	const char **names = imc_arena_array(d->arena, t->n_key, sizeof *names);

	for (size_t i = 0; i < t->n_key; i++)
		names[i] = t->key[i].full;
	return imc_diag(d, loc, IMC_D_HW_KEY, imc_key_quote(key, d->arena),
			imc_key_hint(key, names, t->n_key, d->arena));
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

const char *imc_key_words_text(const char *words, struct imc_arena *a)
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

static bool set_word(void *thing, const struct imc_key *k, const char *value,
		     struct imc_loc loc, struct imc_diags *d)
{
	const char *w;
	size_t len;

	for (int64_t i = 0; (w = word_at(k->words, i, &len)); i++)
		if (strlen(value) == len && !memcmp(w, value, len)) {
			*int_at(thing, k) = i;
			return true;
		}
	return imc_diag(d, loc, IMC_D_HW_VALUE, k->full,
			imc_key_words_text(k->words, d->arena),
			imc_key_quote(value, d->arena));
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

/* Turns *v, given in `unit`, into `to`; false: they are not of one kind. */
static bool convert(const char *unit, const struct unit *to, double *v)
{
	const struct unit *from;

	if (!*unit)
		return true;
	from = unit_of(unit);
	if (!from || !to || from->kind != to->kind)
		return false;
	*v *= from->to_base / to->to_base;
	return true;
}

bool imc_key_number(const char *text, const char *unit, double *v)
{
	const char *of;

	return split_number(text, v, &of) && convert(of, unit_of(unit), v);
}

static bool wrong_unit(const struct imc_key *k, const char *unit,
		       struct imc_loc loc, struct imc_diags *d)
{
	const struct unit *to = unit_of(k->unit);

	return imc_diag(d, loc, IMC_D_HW_UNIT, k->full,
			to ? kind_text[to->kind] : "a plain number",
			imc_key_quote(unit, d->arena));
}

/* "a whole number", "a number in MHz" ... */
static const char *wanted(const struct imc_key *k, struct imc_arena *a)
{
	return imc_arena_printf(
		a, "a %s%s%s", k->type == IMC_KEY_I ? "whole number" : "number",
		*k->unit ? " in " : "", k->unit);
}

static bool in_range(const struct imc_key *k, double v, const char *value,
		     struct imc_loc loc, struct imc_diags *d)
{
	int digits = k->type == IMC_KEY_I ? 15 : 6;

	if (v >= k->min && v <= k->max)
		return true;
	return imc_diag(d, loc, IMC_D_HW_RANGE, k->full,
			imc_arena_printf(d->arena, "%.*g", digits, k->min),
			imc_arena_printf(d->arena, "%.*g%s%s", digits, k->max,
					 *k->unit ? " " : "", k->unit),
			imc_key_quote(value, d->arena));
}

static bool set_number(void *thing, const struct imc_key *k, const char *value,
		       struct imc_loc loc, struct imc_diags *d)
{
	const char *unit;
	double v;

	if (!split_number(value, &v, &unit))
		return imc_diag(d, loc, IMC_D_HW_VALUE, k->full,
				wanted(k, d->arena),
				imc_key_quote(value, d->arena));
	if (!convert(unit, unit_of(k->unit), &v))
		return wrong_unit(k, unit, loc, d);
	if (!in_range(k, v, value, loc, d))
		return false;
	if (k->type == IMC_KEY_I && v != floor(v))
		return imc_diag(d, loc, IMC_D_HW_VALUE, k->full,
				wanted(k, d->arena),
				imc_key_quote(value, d->arena));
	store(thing, k, v);
	return true;
}

/* Names go into file names and C comments: letters, digits, '.', '_', '-'. */
static bool set_name(void *thing, const char *value, struct imc_loc loc,
		     struct imc_diags *d)
{
	static const char ok[] = "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	if (!*value || strlen(value) > 60 || value[strspn(value, ok)])
		return imc_diag(d, loc, IMC_D_HW_VALUE, "name",
				"1 to 60 letters, digits, '.', '_' or '-'",
				imc_key_quote(value, d->arena));
	*name_of(thing) = imc_arena_strdup(d->arena, value);
	return true;
}

bool imc_key_set(const struct imc_key_table *t, void *thing, const char *key,
		 const char *value, struct imc_loc loc, struct imc_diags *d)
{
	const struct imc_key *k = imc_key_find(t, key);
	size_t n;

	value += strspn(value, " \t");
	n = strlen(value);
	while (n && (value[n - 1] == ' ' || value[n - 1] == '\t'))
		n--;
	value = imc_arena_strndup(d->arena, value, n);
	if (!strcmp(key, "name"))
		return set_name(thing, value, loc, d);
	if (!k)
		return imc_key_unknown(t, key, loc, d);
	if (k->type == IMC_KEY_E)
		return set_word(thing, k, value, loc, d);
	return set_number(thing, k, value, loc, d);
}

/* v: what a key holds; words by their position. */
static const char *value_text(const struct imc_key *k, double v,
			      struct imc_arena *a)
{
	const char *word;
	size_t len = 0;

	switch (k->type) {
	case IMC_KEY_I:
		return imc_arena_printf(a, "%" PRId64, (int64_t)v);
	case IMC_KEY_F:
		return imc_arena_printf(a, "%.6g", v);
	case IMC_KEY_E:
		word = word_at(k->words, (int64_t)v, &len);
		return word ? imc_arena_strndup(a, word, len) : "";
	}
	return "";
}

const char *imc_key_value_text(const void *thing, const struct imc_key *k,
			       struct imc_arena *a)
{
	const void *at = (const char *)thing + k->offset;

	return value_text(k,
			  k->type == IMC_KEY_F ? *(const double *)at
					       : (double)*(const int64_t *)at,
			  a);
}

const char *imc_key_default_text(const struct imc_key *k, struct imc_arena *a)
{
	return value_text(k, k->def, a);
}
