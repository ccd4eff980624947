#include "frontend/data/preprocess.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ir/support/yaml_events.h"

int imc_parse_floats(const char *text, double v[4])
{
	int n = 0;

	for (;;) {
		char *end;

		if (n == 4)
			return -1;
		v[n] = strtod(text, &end);
		if (end == text || !isfinite(v[n]))
			return -1;
		n++;
		if (!*end)
			return n;
		if (*end != ',')
			return -1;
		text = end + 1;
	}
}

/* A number, or a list of up to 4 numbers; count, or -1. */
static int numbers(const struct imc_yaml *y, const struct imc_yaml_node *n,
		   double v[4])
{
	int at = (int)(n - y->node), count = 0;
	double one[4];

	if (n->kind == IMC_YAML_SCALAR)
		return imc_parse_floats(n->text, v) == 1 ? 1 : -1;
	if (n->kind == IMC_YAML_MAP)
		return -1;
	for (const struct imc_yaml_node *c = imc_yaml_child(y, at, 0); c;
	     c = imc_yaml_child(y, at, count)) {
		if (count == 4 || c->kind != IMC_YAML_SCALAR ||
		    imc_parse_floats(c->text, one) != 1)
			return -1;
		v[count++] = one[0];
	}
	return count ? count : -1;
}

static bool set_key(const struct imc_yaml *y, const struct imc_yaml_node *n,
		    struct imc_preprocess *pre, struct imc_diags *d)
{
	double v[4] = {0};
	int count = numbers(y, n, v);
	bool mean = !strcmp(n->key, "mean"), std = !strcmp(n->key, "std");

	if (!mean && !std && strcmp(n->key, "scale") != 0)
		return imc_diag(d, n->key_loc, IMC_D_DATA_KEY, n->key);
	if (count < 0 || (!mean && !std && count != 1))
		return imc_diag(d, n->loc, IMC_D_DATA_VALUE, n->key,
				mean || std ? "a number or a list of up to 4"
					    : "a number");
	if (mean) {
		pre->n_mean = count;
		memcpy(pre->mean, v, sizeof v);
	} else if (std) {
		pre->n_std = count;
		memcpy(pre->std, v, sizeof v);
	} else {
		pre->scale = v[0];
		if (v[0] <= 0)
			return imc_diag(d, n->loc, IMC_D_DATA_VALUE, n->key,
					"above 0");
	}
	return true;
}

static bool read_beside(const char *file, struct imc_arena *a,
			struct imc_diags *d, struct imc_preprocess *pre)
{
	struct imc_yaml y;
	size_t size = 0;
	const char *text = imc_file_read(file, a, d, &size);
	struct imc_loc top = IMC_IN_FILE(file);
	bool ok = true;

	if (!text || !imc_yaml_read(file, text, size, a, d, &y))
		return false;
	*pre = (struct imc_preprocess){.given = true};
	if (y.n == 0 || y.node[0].kind != IMC_YAML_MAP)
		return imc_diag(d, top, IMC_D_YAML_TEXT,
				"wanted keys mean, std or scale");
	for (size_t i = 1; i < y.n; i++)
		if (y.node[i].parent == 0)
			ok = set_key(&y, &y.node[i], pre, d) && ok;
	return ok;
}

bool imc_pre_beside(const char *path, struct imc_arena *a, struct imc_diags *d,
		    struct imc_preprocess *pre)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');
	size_t stem = dot && dot != base ? (size_t)(dot - path) : strlen(path);
	const char *own, *common;

	own = imc_arena_printf(a, "%.*s.yaml", (int)stem, path);
	common = imc_arena_printf(a, "%.*sdata.yaml", (int)(base - path), path);
	if (!access(own, F_OK))
		return read_beside(own, a, d, pre);
	if (!access(common, F_OK))
		return read_beside(common, a, d, pre);
	return true;
}

static bool all_at_most_1(const double *v, int n)
{
	for (int i = 0; i < n; i++)
		if (v[i] > 1)
			return false;
	return true;
}

static bool check_count(int n, const char *what, int64_t channels,
			const char *path, struct imc_diags *d)
{
	return n <= 1 || n == channels ||
	       imc_diag(d, IMC_IN_FILE(path), IMC_D_DATA_CHANNELS, n, what,
			(int)channels);
}

bool imc_pre_settle(struct imc_preprocess *pre, bool integer, int64_t channels,
		    const char *path, struct imc_diags *d)
{
	if (pre->scale == 0) {
		bool unit = all_at_most_1(pre->mean, pre->n_mean) &&
			    all_at_most_1(pre->std, pre->n_std);

		pre->scale = 1;
		if (integer && pre->n_mean + pre->n_std > 0 && unit)
			pre->scale = 1.0 / 255;
	}
	for (int i = 0; i < pre->n_std; i++)
		if (!(pre->std[i] > 0))
			return imc_diag(d, IMC_IN_FILE(path), IMC_D_DATA_VALUE,
					"std", "above 0");
	return check_count(pre->n_mean, "mean", channels, path, d) &&
	       check_count(pre->n_std, "std", channels, path, d);
}

static double of_half(uint16_t h)
{
	int exponent = h >> 10 & 31;
	double fraction = h & 1023, v;

	if (exponent == 31)
		v = fraction > 0 ? NAN : INFINITY;
	else if (exponent == 0)
		v = ldexp(fraction, -24);
	else
		v = ldexp(fraction + 1024, exponent - 25);
	return h & 0x8000 ? -v : v;
}

#define AS(type) ((double)((const type *)t->data)[i])

double imc_element(const struct imc_tensor *t, int64_t i)
{
	switch (t->dtype) {
	case IMC_F32:
		return AS(float);
	case IMC_F64:
		return AS(double);
	case IMC_F16:
		return of_half(((const uint16_t *)t->data)[i]);
	case IMC_U8:
	case IMC_BOOL:
		return AS(uint8_t);
	case IMC_I8:
		return AS(int8_t);
	case IMC_U16:
		return AS(uint16_t);
	case IMC_I16:
		return AS(int16_t);
	case IMC_U32:
		return AS(uint32_t);
	case IMC_I32:
		return AS(int32_t);
	case IMC_U64:
		return AS(uint64_t);
	case IMC_I64:
		return AS(int64_t);
	case IMC_N_DTYPE:
		break;
	}
	return 0;
}
