#include <stdlib.h>
#include <string.h>

#include "backend/bundle/emit.h"

/* The text of slots. Those that differ in marked numbers only, by equal steps
 * from turn to turn, are a loop; a turn may be several slots, and some of them
 * a loop inside. */

#define LEAST_TURNS 3
#define MAX_DEPTH 3
#define LONGEST 256 /* slots of a turn */

/* Loops around what is printed: the slots of one turn of each. */
struct nest {
	int depth;
	size_t period[MAX_DEPTH];
};

static const char *const variable[MAX_DEPTH] = {"k", "j", "i"};

/* ---- marked numbers ---- */

/* base + value % lines * size if lines is not 0, else value. */
struct number {
	long long value, lines, size, base;
};

/* The number at *p, and *p behind its end. */
static struct number read_number(const char **p)
{
	struct number n = {0};
	char *end;

	n.value = strtoll(*p + 1, &end, 10);
	if (*end == ':') {
		n.lines = strtoll(end + 1, &end, 10);
		n.size = strtoll(end + 1, &end, 10);
		n.base = strtoll(end + 1, &end, 10);
	}
	*p = end + 1;
	return n;
}

static const struct imc_emit_slot *slot_at(const struct imc_emit *e, size_t i)
{
	return &e->slot[i];
}

/* The next numbers of two texts that are alike up to there, in n; false: the
 * texts end (*alike), or differ. */
static bool next_numbers(const char **a, const char **b, struct number *n,
			 bool *alike)
{
	while (**a == **b && **a && **a != '\1') {
		(*a)++;
		(*b)++;
	}
	*alike = **a == **b;
	if (!*alike || !**a)
		return false;
	n[0] = read_number(a);
	n[1] = read_number(b);
	*alike = n[0].lines == n[1].lines && n[0].size == n[1].size &&
		 n[0].base == n[1].base;
	return *alike;
}

static bool same_text(const char *a, const char *b)
{
	struct number n[2];
	bool alike;

	while (next_numbers(&a, &b, n, &alike))
		;
	return alike;
}

/* True if two slots differ in marked numbers only. */
static bool alike(const struct imc_emit *e, size_t i, size_t k)
{
	const struct imc_emit_slot *a = slot_at(e, i), *b = slot_at(e, k);

	if (a->n_call != b->n_call || a->units != b->units ||
	    a->end - a->first != b->end - b->first)
		return false;
	for (size_t c = 0; c < a->n_call; c++)
		if (strcmp(a->call[c].function, b->call[c].function) != 0 ||
		    !same_text(a->call[c].arguments, b->call[c].arguments))
			return false;
	return true;
}

/* True if the numbers of texts a, b, c, d, alike but for them, are such that
 * b - a is d - c. */
static bool same_steps(const char *a, const char *b, const char *c,
		       const char *d)
{
	struct number n[2], m[2];
	bool first, second;

	while (next_numbers(&a, &b, n, &first) &&
	       next_numbers(&c, &d, m, &second))
		if (n[1].value - n[0].value != m[1].value - m[0].value)
			return false;
	return true;
}

/* The same of slots, all alike. */
static bool slots_step(const struct imc_emit *e, size_t a, size_t b, size_t c,
		       size_t d)
{
	const struct imc_emit_slot *s = slot_at(e, a);

	if (slot_at(e, b)->first - s->first !=
	    slot_at(e, d)->first - slot_at(e, c)->first)
		return false;
	for (size_t k = 0; k < s->n_call; k++)
		if (!same_steps(s->call[k].arguments,
				slot_at(e, b)->call[k].arguments,
				slot_at(e, c)->call[k].arguments,
				slot_at(e, d)->call[k].arguments))
			return false;
	return true;
}

/* ---- loops ---- */

/* True if slot i + n * turn goes on as slot i does, around which there are
 * already those loops. */
static bool goes_on(const struct imc_emit *e, const struct nest *around,
		    size_t i, size_t n, size_t turn)
{
	size_t k = i + n * turn;

	if (!alike(e, i, k) || !slots_step(e, i, i + n, k - n, k))
		return false;
	for (int d = 0; d < around->depth; d++)
		if (!slots_step(e, i, i + around->period[d], k,
				k + around->period[d]))
			return false;
	return true;
}

/* Turns of n slots each, from slot i on and before `end`. */
static size_t turns_of(const struct imc_emit *e, const struct nest *around,
		       size_t i, size_t end, size_t n)
{
	size_t turn = 1;

	for (; i + n * (turn + 1) <= end; turn++)
		for (size_t k = 0; k < n; k++)
			if (!goes_on(e, around, i + k, n, turn))
				return turn;
	return turn;
}

/* The loop from slot i on that leaves out most slots: slots of a turn, and
 * *turns, 1 if there is none. */
static size_t best_loop(const struct imc_emit *e, const struct nest *around,
			size_t i, size_t end, size_t *turns)
{
	size_t best = 1, saved = 0;

	*turns = 1;
	if (around->depth == MAX_DEPTH)
		return 1;
	for (size_t n = 1; n <= LONGEST && i + n * LEAST_TURNS <= end; n++) {
		size_t t = turns_of(e, around, i, end, n);

		if (t >= LEAST_TURNS && (t - 1) * n > saved) {
			saved = (t - 1) * n;
			best = n;
			*turns = t;
		}
	}
	return best;
}

/* ---- text ---- */

static const char *tabs(int depth)
{
	static const char all[] = "\t\t\t\t\t\t\t\t";

	return all + (sizeof all - 1) - (size_t)depth;
}

/* "k * 4 + 12": value, which changes by step[d] in a turn of loop d. */
static const char *sum_text(struct imc_emit *e, const struct nest *in,
			    const long long *step, long long value)
{
	const char *text = "";

	for (int d = 0; d < in->depth; d++) {
		const char *plus = *text ? " + " : "";

		if (step[d] == 1)
			text = imc_arena_printf(e->a, "%s%s%s", text, plus,
						variable[d]);
		else if (step[d])
			text = imc_arena_printf(e->a, "%s%s%s * %lld", text,
						plus, variable[d], step[d]);
	}
	if (!*text)
		return imc_arena_printf(e->a, "%lld", value);
	if (!value)
		return text;
	return imc_arena_printf(e->a, "%s %c %lld", text, value < 0 ? '-' : '+',
				value < 0 ? -value : value);
}

static bool changes(const struct nest *in, const long long *step)
{
	for (int d = 0; d < in->depth; d++)
		if (step[d])
			return true;
	return false;
}

static const char *number_text(struct imc_emit *e, const struct nest *in,
			       const long long *step, const struct number *n)
{
	const char *sum = sum_text(e, in, step, n->value);

	if (!n->lines)
		return sum;
	if (n->lines == 1 || !changes(in, step))
		return imc_arena_printf(
			e->a, "%lld", n->base + n->value % n->lines * n->size);
	if (strchr(sum, ' '))
		sum = imc_arena_printf(e->a, "(%s)", sum);
	return imc_arena_printf(e->a, "%lld + %s %% %lld * %lld", n->base, sum,
				n->lines, n->size);
}

/* Arguments of call c of slot i as C. */
static const char *arguments_text(struct imc_emit *e, const struct nest *in,
				  size_t i, size_t c)
{
	struct imc_buf b = {.arena = e->a};
	const char *p = slot_at(e, i)->call[c].arguments;
	const char *next[MAX_DEPTH];

	for (int d = 0; d < in->depth; d++)
		next[d] = slot_at(e, i + in->period[d])->call[c].arguments;
	imc_buf_text(&b, "");
	while (*p) {
		size_t plain = strcspn(p, "\1");
		long long step[MAX_DEPTH] = {0};
		struct number n;

		imc_buf_bytes(&b, p, plain);
		p += plain;
		if (!*p)
			break;
		n = read_number(&p);
		for (int d = 0; d < in->depth; d++) {
			next[d] = strchr(next[d], '\1');
			step[d] = read_number(&next[d]).value - n.value;
		}
		imc_buf_text(&b, number_text(e, in, step, &n));
	}
	return b.p;
}

/* Appends the operands from p on, and `end`, in lines of 80 columns. */
static void put_operands(struct imc_emit *e, int depth, const char *p,
			 const char *end)
{
	size_t indent = (size_t)depth * 8, at = 80, n;

	for (; *p; p += n) {
		p += strspn(p, " ");
		n = strcspn(p, ",");
		n += p[n] == ',';
		if (at + n + strlen(end) >= 80) {
			imc_buf_printf(&e->run, "\n%s", tabs(depth));
			at = indent;
		} else {
			imc_buf_text(&e->run, " ");
			at++;
		}
		imc_buf_printf(&e->run, "%.*s", (int)n, p);
		at += n;
	}
	imc_buf_text(&e->run, end);
}

/* status = FUNCTION(hal, ARGUMENTS), or TRACE(ARGUMENTS); what leaves column 80
 * goes below. */
static void put_call(struct imc_emit *e, int depth,
		     const struct imc_emit_call *call, const char *arguments)
{
	struct imc_buf *b = &e->run;
	const char *head = imc_arena_printf(
		e->a, call->trace ? "%s(" : "status = %s(hal, ",
		call->function);
	size_t first = strcspn(arguments, ",");

	imc_buf_printf(b, "%s%s", tabs(depth), head);
	if ((size_t)depth * 8 + strlen(head) + strlen(arguments) + 2 <= 80 ||
	    !arguments[first]) {
		imc_buf_printf(b, "%s);\n", arguments);
		return;
	}
	imc_buf_printf(b, "%.*s", (int)first + 1, arguments);
	put_operands(e, depth + 2, arguments + first + 1, ");\n");
}

static void put_check(struct imc_emit *e, int depth)
{
	imc_buf_printf(&e->run, "%sif (status)\n%sreturn status;\n",
		       tabs(depth), tabs(depth + 1));
}

static const char *units_text(struct imc_emit *e, unsigned units)
{
	static const char *const name[] = {"IMC_HAL_DMA", "IMC_HAL_PORT",
					   "IMC_HAL_PE"};
	struct imc_buf b = {.arena = e->a};

	imc_buf_text(&b, "");
	for (int i = 0; i < 3; i++)
		if (units >> i & 1)
			imc_buf_printf(&b, "%s%s", b.n ? " | " : "", name[i]);
	return b.p;
}

/* What runs must be waited for: then a bad status is kept until the end of the
 * slot; else each call may return. */
static void put_calls(struct imc_emit *e, const struct nest *in, size_t i)
{
	const struct imc_emit_slot *s = slot_at(e, i);
	int depth = in->depth + 1;

	for (size_t c = 0; c < s->n_call; c++) {
		bool then = s->units && c > 0;

		if (s->call[c].trace)
			continue;
		if (then)
			imc_buf_printf(&e->run, "%sif (!status)\n",
				       tabs(depth));
		put_call(e, depth + then, &s->call[c],
			 arguments_text(e, in, i, c));
		if (!s->units)
			put_check(e, depth);
	}
}

static void put_slot(struct imc_emit *e, const struct nest *in, size_t i)
{
	const struct imc_emit_slot *s = slot_at(e, i);
	long long step[MAX_DEPTH] = {0};
	int depth = in->depth + 1;

	for (int d = 0; d < in->depth; d++)
		step[d] = (long long)(slot_at(e, i + in->period[d])->first -
				      s->first);
	imc_buf_printf(&e->run, "%simc_hal_step(hal, %s);\n", tabs(depth),
		       sum_text(e, in, step, (long long)s->first));
	put_calls(e, in, i);
	if (s->units) {
		imc_buf_printf(&e->run, "%sstatus = finish(hal, %s, status);\n",
			       tabs(depth), units_text(e, s->units));
		put_check(e, depth);
	}
	for (size_t c = 0; c < s->n_call; c++)
		if (s->call[c].trace)
			put_call(e, depth, &s->call[c],
				 arguments_text(e, in, i, c));
}

static void put_slots(struct imc_emit *e, const struct nest *in, size_t first,
		      size_t end)
{
	size_t n, turns;

	for (size_t i = first; i < end; i += n * turns) {
		struct nest inner = *in;

		n = best_loop(e, in, i, end, &turns);
		if (turns == 1) {
			n = 1;
			put_slot(e, in, i);
			continue;
		}
		imc_buf_printf(&e->run,
			       "%sfor (int32_t %s = 0; %s < %zu; %s++) {\n",
			       tabs(in->depth + 1), variable[in->depth],
			       variable[in->depth], turns, variable[in->depth]);
		inner.period[inner.depth++] = n;
		put_slots(e, &inner, i, i + n);
		imc_buf_printf(&e->run, "%s}\n", tabs(in->depth + 1));
	}
}

void imc_emit_loops(struct imc_emit *e, size_t first, size_t end)
{
	const struct nest none = {0};

	put_slots(e, &none, first, end);
}
